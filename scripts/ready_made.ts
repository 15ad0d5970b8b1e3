import { readFile } from "node:fs/promises";

/** Where values lie ready: in the npm package. A clone makes them. */
let readyFolder: URL | undefined;

/** Told once by the entry of the npm package, which has no sources to make anything of. */
export function useReadyMade(folder: URL): void {
  readyFolder = folder;
}

/** Whether this is the npm package. */
export function isReadyMade(): boolean {
  return readyFolder !== undefined;
}

/**
 * A value of JSON that is made of this clone's sources; in the npm package it lies ready as
 * `<name>.json`.
 */
export async function readyMade<Value>(
  name: string,
  make: () => Promise<Value>,
): Promise<Value> {
  if (readyFolder === undefined) return await make();
  return JSON.parse(
    await readFile(new URL(`${name}.json`, readyFolder), "utf8"),
  );
}
