// Every evaluator against texts and configurations of somebody who wants to stop the others' work. The
// list of evaluators is the only one: a new one has no line below, and this file does not compile.

import { assert, assertEquals } from "@std/assert";
import process from "node:process";
import { createEvaluator, isScoredByWorkers } from "./create_evaluator.ts";
import type { EvaluationRow } from "./evaluation_row.ts";
import { type EvaluatorConfig, evaluatorSchema } from "./evaluator_schema.ts";
import { EVALUATORS } from "./evaluators.ts";
import type { Question } from "./judging/question.ts";
import { aContext } from "./testing/contexts.ts";
import { hostileTexts } from "./testing/hostile_texts.ts";
import { aRow } from "./testing/rows.ts";

/** Processor time that one text may take; where the work grows with its square, it is many times that. */
const MOST_MS = tellsUse() ? 2_000 : 10_000;
const LENGTH = 50_000;

const many = (count: number, toItem: (n: number) => unknown) =>
  Array.from({ length: count }, (_, n) => toItem(n));
const named = (count: number, toValue: (n: number) => unknown) =>
  Object.fromEntries(many(count, (n) => [`c${n}`, toValue(n)]) as []);

/** 2^30 visits of one place, were they not counted. */
const doubling = {
  $defs: Object.fromEntries(
    Array.from({ length: 30 }, (_, n) => [
      `d${n}`,
      n === 29
        ? { type: "array" }
        : { allOf: many(2, () => ({ $ref: `#/$defs/d${n + 1}` })) },
    ]),
  ),
  $ref: "#/$defs/d0",
};

const panel = many(9, () => ({ endpoint: "judge" }));
const rubric = "r".repeat(20_000);

/** The configurations that cost the most, beside the one of the manual. */
const CONFIGS: Record<EvaluatorConfig["type"], object[]> = {
  "exact-match": [{ ignoreCase: true }],
  "contains": [{
    text: undefined,
    texts: many(200, (n) => `${"a".repeat(9_990)}${n}`),
  }, {
    match: "all",
    ignoreCase: true,
  }],
  "not-contains": [{
    text: undefined,
    texts: many(200, (n) => `${"a".repeat(9_990)}${n}`),
  }],
  "starts-with": [{
    text: undefined,
    texts: many(200, (n) => `${"a".repeat(9_990)}${n}`),
  }],
  "ends-with": [{
    text: undefined,
    texts: many(200, (n) => `${"a".repeat(9_990)}${n}`),
  }],
  "regex": [
    { pattern: "(a+)+$", whole: true },
    { pattern: "(a|a)*b" },
    { pattern: "(.*)(.*)(.*)(.*)(.*)!", ignoreCase: true },
    { pattern: "(\\s*)*x" },
  ],
  "json-valid": [{ where: "anywhere", allowCodeFence: true }],
  "json-schema": [
    { schema: doubling },
    {
      schema: {
        uniqueItems: true,
        allOf: many(50, () => ({ uniqueItems: true })),
      },
    },
    { schema: { items: { pattern: "(a+)+$", format: "email" } } },
  ],
  "json-equal": [{ where: "anywhere" }],
  "tool-calls": [
    { calls: many(50, () => ({ name: "f", schema: doubling })) },
    { calls: many(50, () => ({ name: "f" })), inOrder: true },
  ],
  "numeric-difference": [{ which: "first" }, { pattern: "(\\d+)+" }, {
    decimalMark: ",",
  }],
  "edit-distance": [{ unit: "words" }, { unit: "characters" }],
  "rouge-l": [{}],
  "similarity": [{}],
  "length": [{ max: 1, unit: "words" }, { max: 1, unit: "characters" }],
  "latency": [{}],
  "cost": [{}],
  "finish-reason": [{}],
  "refusal": [
    { phrases: many(200, (n) => `${"i can't ".repeat(60)}${n}`) },
    { panel },
  ],
  "rubric": [{
    rubric,
    endpoint: undefined,
    panel,
    passages: { from: "archive" },
  }],
  "classify": [{ question: rubric, categories: named(500, () => 1) }],
  "pairwise": [{ criteria: rubric }],
  "faithfulness": [{ endpoint: undefined, panel }],
  "answer-relevance": [{ endpoint: undefined, panel }],
  "context-recall": [{ endpoint: undefined, panel }],
  "sql": [{}],
  "webhook": [{}],
  // The database weighs what the others say.
  "weighted": [{ weights: named(40, () => 1) }],
};

/** A world that answers with the same text, in every place of an answer. */
function worldOf(text: string) {
  const score = { score: 1, category: text, explanation: text, error: text };
  return aContext({
    now: () => performance.now(),
    responseIn: () => Promise.resolve(text),
    post: () => Promise.resolve({ scores: [{ id: 1, ...score }, text] }),
    callFunction: (_, rows) => Promise.resolve(rows.map(() => score)),
  });
}

/** The text as it is, which may be JSON, and with an end that makes both sides differ. */
function rowsOf(text: string): EvaluationRow[] {
  return [[text, `${text} \n`], [`${text}1`, `${text}2`]].map((
    [response, reference],
  ) =>
    aRow({
      prompt: text,
      system: text,
      earlierTurns: [{ role: "user", content: text }],
      response,
      reference,
      passages: [text, text],
      finishReason: text,
      toolCalls: Array.from(
        { length: 200 },
        () => ({ name: "f", arguments: text }),
      ),
      metadata: { text },
    })
  );
}

/** What a judge's worker does with what it was told. */
function readAll(question: Question, text: string): void {
  if ("texts" in question) return;
  question.read({ text, finishReason: "length" });
  question.read({
    text: `{"reason": ${JSON.stringify(text)}}`,
    finishReason: "stop",
  });
  question.typed.toWire("q");
  question.typed.read(text, { name: "q", place: 0 });
}

const texts = Object.entries(hostileTexts(LENGTH));

/** What uses up its budget does so with any list: one is enough. */
function textsFor(config: object): typeof texts {
  return JSON.stringify(config).includes("$defs")
    ? texts.filter(([name]) => name === "a list of one item")
    : texts;
}

for (const { schema, example } of EVALUATORS) {
  const type = schema.shape.type.value;
  Deno.test(`${type} is quick with any text and configuration`, async () => {
    for (const config of [{}, ...CONFIGS[type]]) {
      const parsed = evaluatorSchema.parse({ ...example, ...config });
      if (!isScoredByWorkers(parsed)) continue;
      const evaluator = createEvaluator(parsed);
      for (const [name, text] of textsFor(config)) {
        const startedAt = usedMs();
        for (const row of rowsOf(text)) {
          const said = await evaluator.evaluate(row, worldOf(text));
          if (Array.isArray(said)) readAll(said[0], text);
          else assertEquals(said.evaluator, evaluator.name);
        }
        const took = usedMs() - startedAt;
        assert(
          took < MOST_MS,
          `${took} ms for ${name}: ${JSON.stringify(config).slice(0, 200)}`,
        );
      }
    }
  });
}

/** Milliseconds of processor time of this process; Deno 2.1 tells none, there it is the clock. */
function usedMs(): number {
  return tellsUse() ? process.cpuUsage().user / 1_000 : performance.now();
}

function tellsUse(): boolean {
  return "cpuUsage" in process;
}
