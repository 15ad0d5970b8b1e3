import type { ZipEntry } from "./unzip.ts";

// opencode's ids, or any name below a folder that is called as opencode calls its own.
const STORED =
  /^(.*?)(?:session|message|part)\/(?:[^/]+\/)*(?:ses|msg|prt)_[^/]+\.json$/;
const IN_STORAGE =
  /^(.*?(?:^|\/)storage(?:_\w+)?)\/(?:session|message|part)\/.+\.json$/;

/**
 * The folder in which opencode keeps conversations, when a path leads into one: sessions, messages
 * and parts of messages are files of their own and make sense only together.
 */
export function opencodeStoreOf(path: string): string | undefined {
  const folder = (IN_STORAGE.exec(path) ?? STORED.exec(path))?.[1];
  return folder === undefined ? undefined : folder.replace(/\/$/, "") || ".";
}

/** Entries of a zip, with those of one store that follow each other as one entry of JSON values. */
export async function* joinStores(
  entries: AsyncGenerator<ZipEntry>,
): AsyncGenerator<ZipEntry> {
  const at = { next: await entries.next() };
  while (!at.next.done) {
    const { name } = at.next.value;
    const store = opencodeStoreOf(name);
    if (store === undefined) {
      yield at.next.value;
      at.next = await entries.next();
      continue;
    }
    const chunks = storeChunks(entries, at, store);
    yield { name: store, chunks };
    // What a reader that stopped early left of it.
    await chunks.return(undefined);
    while (isInStore(at.next, store)) at.next = await entries.next();
  }
}

async function* storeChunks(
  entries: AsyncGenerator<ZipEntry>,
  at: { next: IteratorResult<ZipEntry> },
  store: string,
): AsyncGenerator<Uint8Array> {
  while (!at.next.done && isInStore(at.next, store)) {
    yield* at.next.value.chunks;
    yield NEWLINE;
    at.next = await entries.next();
  }
}

function isInStore(entry: IteratorResult<ZipEntry>, store: string): boolean {
  return !entry.done && opencodeStoreOf(entry.value.name) === store;
}

const NEWLINE = new Uint8Array([0x0a]);
