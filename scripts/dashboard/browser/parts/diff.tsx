import { useMemo } from "preact/hooks";
import { toVisible } from "../../../pipeline/visible_text.ts";
import { diffWords } from "../data/diff_words.ts";

/** What one text has and the other has not; colour is never alone: lines below and through. */
export function Diff({ before, after }: { before: string; after: string }) {
  const pieces = useMemo(() => diffWords(before, after), [before, after]);
  return (
    <div class="prose" dir="auto">
      {pieces.map(({ text, kind }, place) =>
        kind === "added"
          ? <ins key={place}>{toVisible(text)}</ins>
          : kind === "removed"
          ? <del key={place}>{toVisible(text)}</del>
          : <span key={place}>{toVisible(text)}</span>
      )}
    </div>
  );
}
