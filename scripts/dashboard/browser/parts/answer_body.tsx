import type { WholeAnswer } from "../data/whole_answer.ts";
import { AnswerFacts } from "./answer_facts.tsx";
import { Attempts, Scores } from "./answer_judgement.tsx";
import { Diff } from "./diff.tsx";
import { Notice } from "./notice.tsx";
import { Reference, ToolCalls } from "./answer_texts.tsx";
import { Prose } from "./prose.tsx";
import { SentPrompt } from "./sent_prompt.tsx";
import { Siblings } from "./siblings.tsx";

/** What was asked, answered and said about it. */
export function AnswerBody({ answer, asMarkdown, diff }: {
  answer: WholeAnswer;
  asMarkdown: boolean;
  /** What the answer is compared with: `reference`, or the id of a sibling. */
  diff?: string;
}) {
  const { evaluation, sent, siblings } = answer;
  const other = diff === "reference"
    ? evaluation.reference
    : siblings.find(({ id }) => String(id) === diff)?.response;
  return (
    <>
      <SentPrompt
        prompt={evaluation.prompt}
        passages={evaluation.passages}
        sent={sent}
        asMarkdown={asMarkdown}
      />
      <section aria-label="Answer">
        <h3>
          {diff === undefined
            ? "Answer"
            : diff === "reference"
            ? "Answer against the reference"
            : `Answer against answer ${diff}`}
        </h3>
        <Notice
          kind="problem"
          text={evaluation.success ? null : evaluation.error}
        />
        {diff === undefined
          ? evaluation.response !== null &&
            <Prose text={evaluation.response} asMarkdown={asMarkdown} />
          : other === null || other === undefined
          ? <p class="hint">There is nothing to compare it with.</p>
          : <Diff before={other} after={evaluation.response ?? ""} />}
        <ToolCalls calls={evaluation.tool_calls} />
      </section>
      {diff === undefined && (
        <Reference text={evaluation.reference} asMarkdown={asMarkdown} />
      )}
      <Scores answer={answer} />
      <Siblings siblings={siblings} owner={evaluation.owner} diff={diff} />
      <Attempts attempts={answer.attempts} />
      <AnswerFacts evaluation={evaluation} sent={sent} />
    </>
  );
}
