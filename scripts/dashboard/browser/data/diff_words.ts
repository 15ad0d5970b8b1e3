import { diffArrays } from "diff";

/** A piece of two texts: of both, only of the one before, or only of the one after. */
export interface Piece {
  text: string;
  kind: "same" | "removed" | "added";
}

/** Nobody waits longer for a comparison; then lines are compared, at last nothing. */
const PATIENCE_MS = 200;

/**
 * What two texts have in common, word by word, also where words have no spaces between them. The
 * pieces give both texts back.
 */
export function diffWords(before: string, after: string): Piece[] {
  const words = new Intl.Segmenter("en", { granularity: "word" });
  const splits = [
    (text: string) => [...words.segment(text)].map(({ segment }) => segment),
    (text: string) => text.split(/(?<=\n)/),
  ];
  for (const split of splits) {
    const found = diffArrays(split(before), split(after), {
      timeout: PATIENCE_MS,
    });
    if (found) {
      return found.map(({ value, added, removed }) => ({
        text: value.join(""),
        kind: added ? "added" : removed ? "removed" : "same",
      }));
    }
  }
  return [{ text: before, kind: "removed" }, { text: after, kind: "added" }];
}
