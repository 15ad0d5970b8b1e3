import { createHash } from "node:crypto";

/** What makes a prompt the same one when its archive is read again. */
export interface PromptIdentity {
  /** Bucket or directory; empty when there is neither. */
  root: string;
  path: string;
  entry?: string;
  /** The conversation's own id, or its number in the file. */
  conversation: string | number;
  /** The message's own id, or the position of the prompt. */
  message: string | number;
}

/**
 * The key of a prompt: 32 hexadecimal characters of a SHA-256. The path belongs to it, the bytes do
 * not: a newer export at the same path adds only its new prompts, a copy at another path all of them.
 */
export function promptKey(identity: PromptIdentity): string {
  const { root, path, entry = "", conversation, message } = identity;
  // Types are part of it: the id "1" is not the number 1.
  return hash(
    `${root}\0${path}\0${entry}\0${typeof conversation}\0${conversation}\0${typeof message}\0${message}`,
  );
}

/** The first 32 hexadecimal characters of the SHA-256 of a text. */
export function hash(text: string): string {
  // node:crypto takes 0.7 µs, @noble/hashes 2.8 µs, crypto.subtle is asynchronous.
  return createHash("sha256").update(text).digest("hex").slice(0, 32);
}
