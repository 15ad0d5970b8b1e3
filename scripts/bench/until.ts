import { poll } from "@std/async/poll";

/** Asks every so many milliseconds until it is so. */
export async function until(
  isSo: () => boolean | Promise<boolean>,
  interval: number,
): Promise<void> {
  await poll(isSo, Boolean, { interval });
}
