import * as z from "zod";
import { cosineOf } from "../../model/embedding_vector.ts";
import { referencedFields, threshold } from "../config_fields.ts";
import { defineEvaluator } from "../evaluator_definition.ts";
import { judgeFields } from "../judging/judge_fields.ts";

/** Likeness of meaning, by embeddings. */
export const similarity = defineEvaluator({
  schema: z.strictObject({
    type: z.literal("similarity"),
    endpoint: judgeFields.endpoint.describe(
      "Endpoint of the embeddings, a name in model_endpoints: one that speaks OpenAI's API, or Gemini's",
    ),
    model: z.string().min(1).optional().describe(
      "Model of the embeddings; default: the endpoint's",
    ),
    parameters: z.record(z.string(), z.json()).default({}).describe(
      'Parameters of the embeddings, such as {"dimensions": 256}; with Gemini {"taskType": "SEMANTIC_SIMILARITY"}',
    ),
    // The default of promptfoo's `similar` (promptfoo/promptfoo, src/assertions/similar.ts).
    threshold: threshold(0.75),
    ...referencedFields,
  }),
  example: {
    type: "similarity",
    endpoint: "openai",
    model: "text-embedding-3-small",
    threshold: 0.8,
  },
  summary:
    "How close is the response in meaning to the reference, by the angle between their embeddings? One call per row " +
    "with the texts whose embeddings are not known yet: each is kept for 30 days by text, model and parameters, " +
    "whether the run caches or not. The endpoint may be one for answers: the API of embeddings beside it is asked.",
  score:
    "the cosine, 0 where it is below 0. What counts as alike depends on the model: try the threshold on your own texts",
  passed: "when the score reaches the threshold",
  asksJudge: "always",
  needsReference: () => true,
  create: ({ endpoint, model, parameters, threshold }) =>
  (
    { response, reference },
  ) => {
    // Blank texts are refused by the APIs.
    if (!/\S/.test(response)) {
      return { score: 0, passed: threshold === 0, explanation: "blank" };
    }
    if (response === reference) {
      return { score: 1, passed: true, explanation: "equal" };
    }
    return [{
      judge: { endpoint, model, parameters },
      texts: [response, reference!],
      compare([ofResponse, ofReference]) {
        const cosine = cosineOf(ofResponse, ofReference);
        if (cosine === undefined) {
          return {
            error:
              "Cannot score: the embeddings are of different length: the model has changed under its name",
          };
        }
        const score = Math.max(0, Math.round(cosine * 1e4) / 1e4);
        return { score, passed: score >= threshold };
      },
    }];
  },
});
