import { type Label, toListed } from "../data/answers.ts";
import { Folded } from "./answer_texts.tsx";
import { Prose } from "./prose.tsx";
import { Score } from "./score.tsx";
import { VisibleText } from "./visible_text.tsx";

/** What a person said of an answer, and how they would have had it. */
export function SaidBy({ label }: { label: Omit<Label, "name"> }) {
  const { passed, score, category, person, remark, corrected_response } = label;
  const isOnlyRemark = passed === null && score === null && category === null;
  return (
    <>
      <Score score={isOnlyRemark ? undefined : toListed(label)} />
      {score !== null && category !== null && (
        <>
          {" · "}
          <VisibleText text={category} />
        </>
      )} by <VisibleText text={person || "somebody"} />
      {remark && <Prose text={remark} />}
      <Folded title="Corrected answer" text={corrected_response} />
    </>
  );
}
