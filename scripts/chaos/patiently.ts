import { delay } from "@std/async/delay";

/**
 * Tries until Postgres, which may be starting again, has done it, for half a minute.
 *
 * @param isDone whether an error says that an earlier try did it, whose answer was lost
 * @throws the last error
 */
export async function patiently<T>(
  act: () => Promise<T>,
  isDone: (error: { code?: string }) => boolean = () => false,
): Promise<T | undefined> {
  for (let tries = 300;; tries--) {
    try {
      return await act();
    } catch (error) {
      if (isDone(error as { code?: string })) return undefined;
      if (tries === 0) throw error;
      await delay(100);
    }
  }
}
