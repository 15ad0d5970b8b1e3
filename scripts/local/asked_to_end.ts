import { untilNpxEnds } from "./npx.ts";

/**
 * Resolves when the user or the system asks this process to end, or has ended the npx that started it.
 * Asked a second
 * time in the same way, the process ends at once.
 */
export function askedToEnd(): Promise<void> {
  const signals: Deno.Signal[] = Deno.build.os === "windows"
    ? ["SIGINT", "SIGBREAK"]
    : ["SIGINT", "SIGTERM", "SIGHUP"];
  const signalled = new Promise<void>((end) => {
    for (const signal of signals) {
      let asked = false;
      Deno.addSignalListener(signal, () => {
        // Do not wait for anything: the other processes end with this one.
        if (asked) Deno.exit(130);
        asked = true;
        end();
      });
    }
  });
  return Promise.race([signalled, untilNpxEnds()]);
}
