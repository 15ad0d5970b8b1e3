// Scripts that put no space between words: each character counts as one, as is usual for ROUGE.
const UNSPACED = String
  .raw`[\p{scx=Han}\p{scx=Hiragana}\p{scx=Katakana}\p{scx=Thai}\p{scx=Lao}\p{scx=Khmer}\p{scx=Myanmar}]`;
const LETTER = String.raw`[\p{L}\p{M}\p{N}]`;
const WORD = new RegExp(
  `[${LETTER}--${UNSPACED}]+|[${LETTER}&&${UNSPACED}]\\p{M}*`,
  "gv",
);

/**
 * The words of a text: runs of letters, marks and digits, without punctuation; in scripts that are
 * written without spaces every letter is a word. Case is kept.
 */
export function toWords(text: string): string[] {
  return text.match(WORD) ?? [];
}
