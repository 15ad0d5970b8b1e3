/**
 * Resolves when the user or the system asks this process to end. Asked a second
 * time in the same way, the process ends at once.
 */
export function askedToEnd(): Promise<void> {
  const signals: Deno.Signal[] = Deno.build.os === "windows"
    ? ["SIGINT", "SIGBREAK"]
    : ["SIGINT", "SIGTERM", "SIGHUP"];
  return new Promise((end) => {
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
}
