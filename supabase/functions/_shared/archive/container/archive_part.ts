/** One file of text: the archive itself, or one entry of a zip. */
export interface ArchivePart {
  /** Name of the zip entry. */
  entry?: string;
  /** UTF-8 bytes, to be read before the next part is asked for. */
  chunks: AsyncIterable<Uint8Array>;
  /** True when an offset in `chunks` is also an offset in the archive. */
  seekable: boolean;
}
