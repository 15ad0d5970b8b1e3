import { toPassages } from "../../passages.ts";
import { plainName } from "../formats/dataset_columns.ts";

/**
 * What data sets call the passages that were retrieved, as `plainName()` has it, the surest first:
 * `retrieved_contexts` and before 0.2 `contexts` of ragas, `retrieval_context` of DeepEval, `context`
 * of promptfoo and SQuAD.
 */
export const PASSAGE_NAMES = [
  "passages",
  "retrievedcontexts",
  "retrievalcontext",
  "contexts",
  "context",
  "retrievedpassages",
  "retrieveddocuments",
  "retrievedchunks",
];

/** The passages among what a source says of a prompt; undefined where it names none. */
export function passagesIn(
  metadata: Record<string, unknown>,
): string[] | undefined {
  const named = Object.keys(metadata)
    .map((key) => ({ key, rank: PASSAGE_NAMES.indexOf(plainName(key)) }))
    .filter(({ rank }) => rank >= 0)
    .toSorted((a, b) => a.rank - b.rank);
  for (const { key } of named) {
    const passages = toPassages(metadata[key]);
    if (passages !== undefined) return passages;
  }
  return undefined;
}
