/** A question whose answer is one of several categories. */
export interface ClassifyPreset {
  question: string;
  /** Score of each category, from 0 to 1. */
  categories: Record<string, number>;
  passing: string[];
  /** What the question is about, beside prompt and response. */
  needs?: "reference" | "criterion";
}

/**
 * Questions with published wording.
 *
 * - factuality: openai/evals, evals/registry/modelgraded/fact.yaml; scores of autoevals
 *   (braintrustdata/autoevals, templates/factuality.yaml); promptfoo passes all but a disagreement;
 * - closed-question: openai/evals, evals/registry/modelgraded/closedqa.yaml.
 */
export const CLASSIFY_PRESETS = {
  "factuality": {
    question:
      `Compare the factual content of the submitted answer ("response") with the expert answer ("reference") to the question ("prompt"). Ignore any differences in style, grammar, or punctuation. The submitted answer may either be a subset or superset of the expert answer, or it may conflict with it. Determine which case applies:

subset: The submitted answer is a subset of the expert answer and is fully consistent with it.
superset: The submitted answer is a superset of the expert answer and is fully consistent with it.
same: The submitted answer contains all the same details as the expert answer.
disagreement: There is a disagreement between the submitted answer and the expert answer.
immaterial: The answers differ, but these differences don't matter from the perspective of factuality.`,
    categories: {
      subset: 0.4,
      superset: 0.6,
      same: 1,
      disagreement: 0,
      immaterial: 1,
    },
    passing: ["subset", "superset", "same", "immaterial"],
    needs: "reference",
  },
  "closed-question": {
    question:
      `Assess the submitted answer ("response") to the task ("prompt") by the criterion below. Does the submission meet the criterion? First reason about the criterion step by step to be sure that your conclusion is correct. Avoid simply stating the correct answer at the outset.`,
    categories: { yes: 1, no: 0 },
    passing: ["yes"],
    needs: "criterion",
  },
} as const satisfies Record<string, ClassifyPreset>;
