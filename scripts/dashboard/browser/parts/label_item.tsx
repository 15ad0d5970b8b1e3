import type { LabelItem, ShownResponse } from "../data/label_queue_answer.ts";
import { Reference, ToolCalls } from "./answer_texts.tsx";
import { Prose } from "./prose.tsx";
import { SaidBy } from "./said_by.tsx";
import { Score } from "./score.tsx";
import { SentPrompt } from "./sent_prompt.tsx";
import { VisibleText } from "./visible_text.tsx";

/** What is to be labelled: the prompt with one answer, or with two in the order in which they are to be seen. */
export function LabelItemTexts(
  { item, asMarkdown }: { item: LabelItem; asMarkdown: boolean },
) {
  const { prompt, responses, reference } = item;
  const titles = responses.length === 1 ? ["Answer"] : ["First", "Second"];
  return (
    <>
      <SentPrompt
        prompt={prompt.text}
        sent={{ system_prompt: prompt.system, messages: prompt.turns }}
        asMarkdown={asMarkdown}
      />
      <div class="sides">
        {responses.map((response, place) => (
          <section key={place} aria-label={titles[place]}>
            <h3>{titles[place]}</h3>
            {response.response !== null && (
              <Prose text={response.response} asMarkdown={asMarkdown} />
            )}
            <ToolCalls calls={response.tool_calls} />
            <Known response={response} />
          </section>
        ))}
      </div>
      <Reference text={reference} asMarkdown={asMarkdown} />
    </>
  );
}

/** What others and machines say of an answer; of a blind queue nothing is known. */
function Known({ response }: { response: ShownResponse }) {
  const { model, experiment_name, scores, labels = [] } = response;
  if (scores === undefined) return null;
  return (
    <ul class="reasons">
      <li>
        {model && <VisibleText text={model} />}
        {experiment_name && (
          <>
            {" in "}
            <VisibleText text={experiment_name} />
          </>
        )}
      </li>
      {Object.entries(scores).map(([evaluator, score]) => (
        <li key={evaluator}>
          <VisibleText text={evaluator} /> <Score score={score} />
        </li>
      ))}
      {labels.map((label, place) => (
        <li key={place}>
          <VisibleText text={label.name} /> <SaidBy label={label} />
        </li>
      ))}
    </ul>
  );
}
