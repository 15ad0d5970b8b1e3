import { assertEquals, assertThrows } from "@std/assert";
import { toRequestParts } from "../model_request.ts";
import { UnsendableRequest } from "../unsendable_request.ts";
import { guessFormat } from "./choose_format.ts";
import { openaiDecisions } from "./openai_decisions.ts";

const questions = [{ type: "predicate", instructions: "Is it polite?" }];

Deno.test("openaiDecisions.toBody() sends the input, the questions and nothing that the API does not know", () => {
  const parts = toRequestParts({
    prompt: "Thanks!",
    parameters: { questions, safety_identifier: "u1", maxTokens: 10 },
  }, "gpt-6-luna");
  assertEquals(openaiDecisions.toBody(parts), {
    model: "gpt-6-luna",
    input: "Thanks!",
    questions,
    safety_identifier: "u1",
  });
});

Deno.test("openaiDecisions.toBody() refuses a request without questions, and says whom it answers", () => {
  const parts = toRequestParts({ prompt: "Hi", parameters: {} }, "m");
  assertThrows(
    () => openaiDecisions.toBody(parts),
    UnsendableRequest,
    "name the endpoint as the judge of an evaluator",
  );
});

Deno.test("openaiDecisions.readAnswer() gives the answers as JSON, with the tokens", () => {
  const answers = [{ type: "predicate", name: "polite", probability: 0.97 }];
  assertEquals(
    openaiDecisions.readAnswer({
      model: "gpt-6-luna",
      answers,
      usage: {
        input_tokens: 90,
        input_tokens_details: { cached_tokens: 60, cache_write_tokens: 0 },
        output_tokens: 0,
        output_tokens_details: { reasoning_tokens: 0 },
        total_tokens: 90,
      },
    }),
    {
      model: "gpt-6-luna",
      usage: {
        inputTokens: 90,
        outputTokens: 0,
        cachedInputTokens: 60,
        cacheWriteTokens: 0,
        reasoningTokens: 0,
      },
      kind: "text",
      text: JSON.stringify({ answers }),
      finishReason: "stop",
    },
  );
  assertEquals(
    openaiDecisions.readAnswer({ choices: [] }).kind,
    "unrecognised",
  );
  assertEquals(
    openaiDecisions.readAnswer({ error: { message: "no" } }).kind,
    "error",
  );
});

Deno.test("openaiDecisions is known by its path, and completes a base", () => {
  const whole = new URL("https://api.fireworks.ai/inference/v1/decisions");
  assertEquals(guessFormat(whole)?.name, "openai-decisions");
  assertEquals(openaiDecisions.toUrl(whole), whole.href);
  assertEquals(
    openaiDecisions.toUrl(new URL("https://api.openai.com/v1")),
    "https://api.openai.com/v1/decisions",
  );
});
