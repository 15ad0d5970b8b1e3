/** Milliseconds of silence after which a change counts as complete. */
const silence = 200;

/**
 * Calls `onChange` after the code in a folder has changed: once for all files
 * that are saved together, and not for tests.
 *
 * @returns ends the watching
 */
export function watchSources(folder: string, onChange: () => void): () => void {
  const watcher = Deno.watchFs(folder);
  let timer: ReturnType<typeof setTimeout> | undefined;
  (async () => {
    for await (const { kind, paths } of watcher) {
      if (kind === "access" || !paths.some(isSource)) continue;
      clearTimeout(timer);
      timer = setTimeout(onChange, silence);
    }
  })();
  return () => {
    clearTimeout(timer);
    watcher.close();
  };
}

function isSource(path: string): boolean {
  return /\.(ts|json)$/.test(path) && !path.endsWith("_test.ts");
}
