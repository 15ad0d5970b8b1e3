import { useEffect, useState } from "preact/hooks";
import { toVisible } from "../../../pipeline/visible_text.ts";
import { diffWords, type Piece } from "../data/diff_words.ts";

/**
 * What one text has and the other has not; colour is never alone: lines below and through. Long texts
 * take a while, in which the one after stands alone, so that what was pressed is seen at once.
 */
export function Diff({ before, after }: { before: string; after: string }) {
  const [compared, setCompared] = useState<
    { before: string; after: string; pieces: Piece[] }
  >();
  useEffect(() => {
    setCompared({ before, after, pieces: diffWords(before, after) });
  }, [before, after]);
  const isOwn = compared?.before === before && compared.after === after;
  return (
    <div class="prose" dir="auto">
      {!isOwn
        ? toVisible(after)
        : compared.pieces.map(({ text, kind }, place) =>
          kind === "added"
            ? <ins key={place}>{toVisible(text)}</ins>
            : kind === "removed"
            ? <del key={place}>{toVisible(text)}</del>
            : <span key={place}>{toVisible(text)}</span>
        )}
    </div>
  );
}
