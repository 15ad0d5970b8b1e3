import { assertEquals, assertMatch } from "@std/assert";
import { packVector } from "../model/embedding_vector.ts";
import type { ModelRequest } from "../model/model_request.ts";
import type { ModelResult } from "../model/model_result.ts";
import type { TaskError } from "../task_error.ts";
import { compareTexts } from "./compare_texts.ts";

const one = packVector([1, 0]);
const other = packVector([0, 1]);
const facts = { durationMs: 5, inputTokens: 9, outputTokens: 0 };

type Answer = string[] | TaskError;

function compare(
  known: Record<string, string>,
  answers: Answer | ((request: ModelRequest) => Answer),
) {
  const asked: ModelRequest[] = [];
  const outcome = compareTexts(
    {
      judge: {
        endpoint: "openai",
        model: "e-3",
        parameters: { dimensions: 2 },
      },
      texts: ["Paris.", "Paris"],
      compare: (vectors) => ({ score: vectors.indexOf(other) }),
    },
    new AbortController().signal,
    {
      findVector: ({ embed }) => Promise.resolve(known[embed] ?? null),
      embedder: {
        call(request) {
          asked.push(request);
          const answer = typeof answers === "function"
            ? answers(request)
            : answers;
          const result: ModelResult = Array.isArray(answer)
            ? {
              ...facts,
              ok: true,
              text: JSON.stringify(answer),
              finishReason: "stop",
            }
            : { durationMs: facts.durationMs, ok: false, error: answer };
          return Promise.resolve(result);
        },
      },
    },
  );
  return outcome.then((outcome) => ({ outcome, asked }));
}

function keptAs(embed: string) {
  return { embed, model: "e-3", parameters: { dimensions: 2 } };
}

Deno.test("compareTexts() embeds both texts with one call, and has their vectors kept", async () => {
  const { outcome, asked } = await compare({}, [one, other]);
  assertEquals(
    asked.map(({ prompt, messages, parameters }) => ({
      prompt,
      messages,
      parameters,
    })),
    [{
      prompt: "Paris",
      messages: [{ role: "user", content: "Paris." }],
      parameters: { dimensions: 2, model: "e-3" },
    }],
  );
  assertEquals(outcome, {
    outcome: "succeeded",
    vote: { score: 1 },
    model: undefined,
    ...facts,
    pauseMs: undefined,
    embedded: [
      { request: keptAs("Paris."), vector: one },
      { request: keptAs("Paris"), vector: other },
    ],
  });
});

Deno.test("compareTexts() embeds only the text that is not known", async () => {
  const { outcome, asked } = await compare({ "Paris.": one }, [other]);
  assertEquals(asked[0].prompt, "Paris");
  assertEquals(asked[0].messages, []);
  assertEquals(outcome.vote, { score: 1 });
  assertEquals(outcome.embedded, [{ request: keptAs("Paris"), vector: other }]);
});

Deno.test("compareTexts() asks nobody when both are known", async () => {
  const { outcome, asked } = await compare(
    { "Paris.": other, "Paris": one },
    [],
  );
  assertEquals(asked.length, 0);
  assertEquals(outcome, {
    outcome: "succeeded",
    vote: { score: 0 },
    model: "e-3",
    cached: true,
  });
});

// As gemini-embedding-2 does through another method (qdrant/landing_page#2294).
Deno.test("compareTexts() refuses fewer embeddings than there are texts", async () => {
  const { outcome } = await compare({}, [one]);
  const { error } = outcome as { error: TaskError };
  assertEquals([outcome.outcome, error.class], ["failed", "permanent"]);
  assertMatch(error.message, /gave 1 embeddings for 2 texts/);
});

Deno.test("compareTexts() leaves a failed call to the database, by its class", async () => {
  const { outcome } = await compare({}, {
    class: "rate",
    code: "rate",
    message: "slow down",
  });
  const { error } = outcome as { error: TaskError };
  assertEquals([error.class, error.message], [
    "rate",
    "Cannot score: the judge failed: slow down",
  ]);
});

Deno.test("compareTexts() asks anew for what is known by a vector of another length", async () => {
  const longer = packVector([1, 0, 0]);
  // The first call embeds the text that is not known, the second the one whose vector does not fit.
  const { outcome, asked } = await compare({ "Paris.": longer }, [other]);
  assertEquals(asked.map(({ prompt }) => prompt), ["Paris", "Paris."]);
  assertEquals(outcome, {
    outcome: "succeeded",
    vote: { score: 0 },
    model: undefined,
    ...facts,
    durationMs: 10,
    inputTokens: 18,
    pauseMs: undefined,
    embedded: [
      { request: keptAs("Paris"), vector: other },
      { request: keptAs("Paris."), vector: other },
    ],
  });
  const both = await compare({ "Paris.": longer, "Paris": one }, [one, other]);
  assertEquals(both.asked.length, 1);
  assertEquals(both.asked[0].messages?.length, 1);
});

Deno.test("compareTexts() counts what it has paid for when asking anew fails", async () => {
  const { outcome, asked } = await compare(
    { "Paris.": packVector([1, 0, 0]) },
    ({ prompt }) =>
      prompt === "Paris"
        ? [other]
        : { class: "rate", code: "rate", message: "slow down", status: 429 },
  );
  assertEquals(asked.length, 2);
  assertEquals(outcome, {
    outcome: "failed",
    error: {
      class: "transient",
      code: "rate",
      message: "Cannot score: the judge failed: slow down",
      status: 429,
    },
    model: undefined,
    ...facts,
    durationMs: 10,
    pauseMs: undefined,
  });
});
