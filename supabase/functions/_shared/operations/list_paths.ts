import type { ArchiveStorage } from "../storage.ts";

/** Paths of all archives of a bucket whose path begins with the prefix, sorted. */
export async function listPaths(
  storage: ArchiveStorage,
  bucket: string,
  prefix: string,
): Promise<string[]> {
  const paths: string[] = [];
  const folders = [prefix.slice(0, Math.max(0, prefix.lastIndexOf("/")))];
  for (const folder of folders) {
    let offset: number | null = 0;
    while (offset !== null) {
      const page = await storage.list(bucket, folder, offset);
      const wanted = page.folders.filter((name) =>
        `${name}/`.startsWith(prefix) || prefix.startsWith(`${name}/`)
      );
      folders.push(...wanted.filter((name) => !isUnlistable(name)));
      // Storage refuses to open them, which is reported like any file that cannot be read.
      paths.push(...wanted.filter(isUnlistable));
      for (const { path } of page.objects) {
        if (path.startsWith(prefix)) paths.push(path);
      }
      offset = page.nextOffset;
    }
  }
  return paths.sort();
}

function isUnlistable(folder: string): boolean {
  return /(^|\/)\.\.?$/.test(folder);
}
