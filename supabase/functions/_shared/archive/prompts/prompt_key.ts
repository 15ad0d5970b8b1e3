import { createSha256, hexOf, type Sha256 } from "./sha256.ts";

/** The archive that a prompt belongs to, wherever it is read again. */
export interface ArchiveIdentity {
  /** Bucket or directory; empty when there is neither. */
  root: string;
  path: string;
  entry?: string;
}

/** Makes the keys of one conversation's prompts: from a message's own id, or its position. */
export type PromptKey = (message: string | number) => string;

/**
 * Builds the function that makes the keys of an archive's prompts, 32 hexadecimal characters: of a
 * SHA-256 where a message has an id of its own, else 24 of the conversation's and 8 of the position.
 * A conversation is known by its own id or by its number in the file. The path belongs to the key,
 * the bytes of the file do not: a newer export at the same path adds only its new prompts, a copy at
 * another path all of them.
 */
export function createPromptKey(
  { root, path, entry = "" }: ArchiveIdentity,
): (conversation: string | number) => PromptKey {
  const archive = createSha256(`${root}\0${path}\0${entry}`);
  return (conversation) => {
    const tagged = typeof conversation === "string"
      ? `=${conversation}`
      // The id "1" is not the number 1.
      : `#${conversation}`;
    let within: Sha256 | undefined;
    let numbered: string | undefined;
    return (message) => {
      if (typeof message === "string") {
        within ??= archive.after(tagged);
        return within.hash(message);
      }
      numbered ??= archive.hash(tagged).slice(0, 24);
      return numbered + hexOf(message);
    };
  };
}
