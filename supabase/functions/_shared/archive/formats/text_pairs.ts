import { conversationFormat } from "./format.ts";
import { isDatasetRow, rowConversation } from "./dataset_row.ts";

/**
 * A row of a data set: `{prompt}`, `{prompt, completion}`, `{question, answer}`, `{input, output}`,
 * `{prompt, expected}`, `{user_input, response, reference}` (Ragas), `{input, actual_output,
 * expected_output}` (DeepEval) and the like, as JSON or as columns of a table; also the old completions
 * form `\n\nHuman: …\n\nAssistant:`. Docs: docs.ragas.io/en/stable/concepts/components/eval_sample,
 * deepeval.com/docs/evaluation-datasets, github.com/openai/evals/blob/main/docs/build-eval.md.
 */
export const textPairs = conversationFormat({
  name: "text_pairs",
  matches: isDatasetRow,
  read: (record) => [rowConversation(record)],
});
