import { deepEqual, rejects } from "node:assert/strict";
import { z } from "zod";
import { CallFailure } from "../call_failure.ts";
import { aContext, aJudge } from "../testing/contexts.ts";
import { askJudge } from "./ask_judge.ts";

const judge = { endpoint: "judge", parameters: {} };
const schema = z.object({ score: z.number() });

Deno.test("askJudge() reads JSON alone and in a code block", async () => {
  for (const text of ['{"score": 3}', '\n```json\n{"score": 3}\n```\n']) {
    const { context } = aJudge(text);
    deepEqual(await askJudge(judge, "?", schema, context), { score: 3 });
  }
});

Deno.test("askJudge() refuses an answer with words around it", async () => {
  for (
    const text of [
      'Sure! {"score": 3}',
      '{"score": 3} {"score": 5}',
      '```\n{"score": 3}\n```\nand\n```\n{"score": 5}\n```',
      "",
    ]
  ) {
    const { context } = aJudge(text);
    await rejects(askJudge(judge, "?", schema, context), CallFailure, text);
  }
});

Deno.test("askJudge() quotes an answer of another form", async () => {
  const { context } = aJudge('{"score": "three"}');
  await rejects(askJudge(judge, "?", schema, context), {
    message: 'Cannot score: the judge at "judge" did not answer in the form ' +
      "it was asked for: ✖ Invalid input: expected number, received string " +
      '→ at score; it said: {"score": "three"}',
    failure: undefined,
  });
});

Deno.test("askJudge() says what to do about an answer that was cut off", async () => {
  const context = aContext({
    judge: () =>
      Promise.resolve({
        ok: true,
        text: '{"reason": "It',
        finishReason: "length",
        durationMs: 5,
      }),
  });
  await rejects(
    askJudge(judge, "?", schema, context),
    /it was cut off: raise maxTokens in parameters/,
  );
});
