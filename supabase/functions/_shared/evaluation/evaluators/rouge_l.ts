import * as z from "zod";
import { referencedFields, threshold } from "../config_fields.ts";
import { defineEvaluator } from "../evaluator_definition.ts";
import { countCommonSubsequence } from "../text/common_subsequence.ts";
import { toComparable } from "../text/comparable.ts";
import { toWords } from "../text/words.ts";

/** About 10 ms for two texts of this length. */
const MOST_WORDS = 10_000;
/** More than MOST_WORDS words of usual length hold, so that finding the words is bounded too. */
const MOST_CHARACTERS = 200_000;

/**
 * ROUGE-L at the level of the whole text: Chin-Yew Lin, "ROUGE: A Package for Automatic Evaluation of
 * Summaries", ACL workshop Text Summarization Branches Out, 2004, section 3.1. As in Google's
 * rouge_score, words are lower-cased and punctuation does not count; there is no stemming.
 */
export const rougeL = defineEvaluator({
  schema: z.strictObject({
    type: z.literal("rouge-l"),
    threshold: threshold(0.5),
    beta: z.number().positive().max(1000).default(1).describe(
      "Weight of recall against precision: 1 counts both alike, above 1 recall counts more",
    ),
    ...referencedFields,
  }),
  example: { type: "rouge-l", threshold: 0.4 },
  summary:
    "How much of the reference's wording does the response keep, in order (ROUGE-L, Lin 2004)? " +
    "Lower-cased words without punctuation; of longer texts the first 10,000 words count.",
  score:
    "F = (1 + β²)·P·R / (R + β²·P), where LCS is the longest common subsequence in words, " +
    "P = LCS / words of the response, R = LCS / words of the reference",
  passed: "when the score reaches the threshold",
  needsReference: () => true,
  create: ({ threshold, beta }) => ({ response, reference }) => {
    const wanted = readWords(reference!);
    if (wanted.words.length === 0) {
      return { error: "Cannot score: the reference has no words" };
    }
    const given = readWords(response);
    const common = countCommonSubsequence(given.words, wanted.words);
    const precision = common / Math.max(1, given.words.length);
    const recall = common / wanted.words.length;
    const score = common === 0
      ? 0
      : (1 + beta ** 2) * precision * recall / (recall + beta ** 2 * precision);
    return {
      score,
      passed: score >= threshold,
      explanation: `precision ${precision.toFixed(3)}, recall ${
        recall.toFixed(3)
      }${
        given.cut || wanted.cut
          ? `; only the first ${MOST_WORDS} words compared`
          : ""
      }`,
    };
  },
});

function readWords(text: string): { words: string[]; cut: boolean } {
  const head = text.slice(0, MOST_CHARACTERS);
  const words = toWords(toComparable(head, { ignoreCase: true }));
  return {
    words: words.slice(0, MOST_WORDS),
    cut: words.length > MOST_WORDS || text.length > MOST_CHARACTERS,
  };
}
