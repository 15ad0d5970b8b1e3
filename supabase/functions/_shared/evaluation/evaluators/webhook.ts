import * as z from "zod";
import { referencedFields } from "../config_fields.ts";
import { defineEvaluator, type Subject } from "../evaluator_definition.ts";
import type { EvaluationContext } from "../evaluator.ts";
import { readScore } from "../read_score.ts";
import type { Verdict } from "../score.ts";

const url = z.string().superRefine((text, context) => {
  const problem = problemOfUrl(text);
  if (problem) context.addIssue({ code: "custom", message: problem });
});

/** Scores by a service of the user. */
export const webhook = defineEvaluator({
  schema: z.strictObject({
    type: z.literal("webhook"),
    url: url.describe(
      "Where rows are posted as JSON: https, and no private address",
    ),
    batchSize: z.int().min(1).max(100).default(20)
      .describe("Most rows in one request"),
    ...referencedFields,
  }),
  example: { type: "webhook", url: "https://example.com/score" },
  summary: "What does your own service say? It gets " +
    '`{"evaluator": name, "rows": [{id, promptKey, prompt, response, reference, passages, model, durationMs, inputTokens, outputTokens, cost, finishReason, toolCalls, metadata}]}` ' +
    'and answers `{"scores": [{"id", "score"?, "passed"?, "category"?, "explanation"?, "error"?}]}`, ' +
    "in any order, each with at least one of score, passed, category and error.",
  score: "as the service says, from -1,000,000 to 1,000,000",
  passed: "as the service says",
  create: ({ url, batchSize, name = "webhook" }) => ({
    batchSize,
    async scoreBatch(subjects, context) {
      const answer = await send(url, {
        evaluator: name,
        rows: subjects.map(toWireRow),
      }, context);
      const scores = readScores(url, answer);
      return subjects.map(({ row }) => toVerdict(scores.get(row.id)));
    },
  }),
});

function toWireRow({ row, response, reference }: Subject) {
  const { success: _, earlierTurns: __, ...facts } = row;
  return { ...facts, response, reference };
}

async function send(
  url: string,
  body: unknown,
  context: EvaluationContext,
): Promise<unknown> {
  try {
    return await context.post(url, body);
  } catch (error) {
    throw new Error(
      `the webhook failed: ${
        error instanceof Error ? error.message : String(error)
      }`,
      { cause: error },
    );
  }
}

const answerSchema = z.object({ scores: z.array(z.unknown()) });

function readScores(url: string, answer: unknown): Map<unknown, unknown> {
  const parsed = answerSchema.safeParse(answer);
  if (!parsed.success) {
    throw new Error(
      `the webhook ${new URL(url).host} did not answer {"scores": […]}`,
    );
  }
  return new Map(
    parsed.data.scores.map((score) => [(score as { id?: unknown })?.id, score]),
  );
}

function toVerdict(score: unknown): Verdict {
  return score === undefined
    ? { error: "Cannot score: the webhook gave no score for this row" }
    : readScore(score, "the webhook");
}

function problemOfUrl(text: string): string | undefined {
  if (!URL.canParse(text)) return "is not a URL";
  const { protocol, username, password } = new URL(text);
  if (protocol !== "https:" && protocol !== "http:") {
    return "must begin with https://";
  }
  if (username || password) return "cannot hold a user name or password";
}
