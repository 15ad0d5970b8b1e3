import { createSha256 } from "./sha256.ts";

/** The archive that a prompt belongs to, wherever it is read again. */
export interface ArchiveIdentity {
  /** Bucket or directory; empty when there is neither. */
  root: string;
  path: string;
  entry?: string;
}

/**
 * Builds the function that makes the keys of an archive's prompts, 32 hexadecimal characters of a
 * SHA-256: from the conversation's own id or its number in the file, and the message's own id or its
 * position. The path belongs to the key, the bytes of the file do not: a newer export at the same
 * path adds only its new prompts, a copy at another path all of them.
 */
export function createPromptKey(
  { root, path, entry = "" }: ArchiveIdentity,
): (conversation: string | number, message: string | number) => string {
  const hash = createSha256(`${root}\0${path}\0${entry}`);
  return (conversation, message) =>
    hash(`${tagged(conversation)}\0${tagged(message)}`);
}

/** The id "1" is not the number 1. */
function tagged(part: string | number): string {
  return typeof part === "string" ? `=${part}` : `#${part}`;
}
