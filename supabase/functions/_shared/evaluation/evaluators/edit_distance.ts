import { levenshteinDistance } from "@std/text/levenshtein-distance";
import * as z from "zod";
import { ignoreCase, referencedFields, threshold } from "../config_fields.ts";
import { defineEvaluator } from "../evaluator_definition.ts";
import { toComparable } from "../text/comparable.ts";
import { toWords } from "../text/words.ts";

/** The work grows with the product of both lengths: 4 ms at this one. */
const MOST_UNITS = 4_000;
/** More than MOST_UNITS words of usual length hold, so that finding the words is bounded too. */
const MOST_CHARACTERS = 100_000;

/** Similarity by edit distance. */
export const editDistance = defineEvaluator({
  schema: z.strictObject({
    type: z.literal("edit-distance"),
    unit: z.enum(["characters", "words"]).default("characters").describe(
      "What is inserted, deleted or replaced; characters are Unicode code points",
    ),
    threshold: threshold(0.8),
    ignoreCase,
    trim: z.boolean().default(true)
      .describe("White space at both ends does not count"),
    ...referencedFields,
  }),
  example: { type: "edit-distance", threshold: 0.9 },
  summary:
    "How much would have to be edited to make the response the reference (Levenshtein)? " +
    "Of longer texts the first 4,000 characters or words count.",
  score: "1 − edits / length of the longer text; 1 for equal texts",
  passed: "when the score reaches the threshold",
  needsReference: () => true,
  create: (config) => ({ response, reference }) => {
    const read = config.unit === "words" ? createWordReader() : readCharacters;
    const a = read(response, config);
    const b = read(reference!, config);
    const longer = Math.max(a.units.length, b.units.length);
    const edits = levenshteinDistance(a.units.join(""), b.units.join(""));
    const score = longer === 0 ? 1 : 1 - edits / longer;
    return {
      score,
      passed: score >= config.threshold,
      explanation: `${edits} edits in ${longer} ${config.unit}${
        a.cut || b.cut ? `; only the first ${MOST_UNITS} compared` : ""
      }`,
    };
  },
});

interface Units {
  /** One code point per character or word. */
  units: string[];
  cut: boolean;
}

type Comparison = { ignoreCase: boolean; trim: boolean };

function readCharacters(text: string, comparison: Comparison): Units {
  const whole = [...toComparable(text.slice(0, MOST_CHARACTERS), comparison)];
  return {
    units: whole.slice(0, MOST_UNITS),
    cut: whole.length > MOST_UNITS,
  };
}

/** Reads texts as words; the same word has the same code in all of them. */
function createWordReader() {
  const codes = new Map<string, string>();
  return function readWords(text: string, comparison: Comparison): Units {
    const head = toComparable(text.slice(0, MOST_CHARACTERS), comparison);
    const words = toWords(head);
    const units = words.slice(0, MOST_UNITS).map((word) => {
      let code = codes.get(word);
      if (!code) codes.set(word, code = String.fromCharCode(codes.size));
      return code;
    });
    return {
      units,
      cut: words.length > MOST_UNITS || text.length > MOST_CHARACTERS,
    };
  };
}
