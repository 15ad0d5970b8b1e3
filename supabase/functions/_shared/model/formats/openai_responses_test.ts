import { assertEquals, assertThrows } from "@std/assert";
import { FailedCall } from "../failed_call.ts";
import type { Message } from "../../prompt.ts";
import { toRequestParts } from "../model_request.ts";
import { openaiResponses } from "./openai_responses.ts";

function bodyOf(
  parameters: Record<string, unknown>,
  messages?: Message[],
): unknown {
  const parts = toRequestParts({ prompt: "Hi", messages, parameters }, "m-1");
  return JSON.parse(JSON.stringify(openaiResponses.toBody(parts)));
}

const PLAIN = { model: "m-1", input: [{ role: "user", content: "Hi" }] };

Deno.test("openaiResponses.toBody() sends model and prompt and nothing else", () => {
  assertEquals(bodyOf({}), PLAIN);
});

Deno.test("openaiResponses.toBody() sends the system prompt as instructions", () => {
  const messages: Message[] = [
    { role: "system", content: "Be brief" },
    { role: "assistant", content: "1" },
  ];
  assertEquals(bodyOf({}, messages), {
    ...PLAIN,
    instructions: "Be brief",
    input: [messages[1], PLAIN.input[0]],
  });
});

Deno.test("openaiResponses.toBody() translates parameters to the API's names", () => {
  assertEquals(
    bodyOf({
      temperature: 0.1,
      topP: 0.2,
      maxTokens: 4,
      responseSchema: { type: "object" },
      text: { verbosity: "low" },
      reasoning: { effort: "low" },
    }),
    {
      ...PLAIN,
      temperature: 0.1,
      top_p: 0.2,
      max_output_tokens: 4,
      text: {
        verbosity: "low",
        format: {
          type: "json_schema",
          name: "response",
          schema: { type: "object" },
          strict: true,
        },
      },
      reasoning: { effort: "low" },
    },
  );
});

for (
  const name of ["topK", "stop", "seed", "presencePenalty", "frequencyPenalty"]
) {
  Deno.test(`openaiResponses.toBody() refuses ${name}`, () => {
    assertEquals(
      assertThrows(() => bodyOf({ [name]: 1 }), FailedCall).code,
      "unsupported_parameter",
    );
  });
}

const ABOUT = { model: "m-1", usage: { inputTokens: 3, outputTokens: 2 } };

function answerOf(change: Record<string, unknown>): unknown {
  return openaiResponses.readAnswer({
    object: "response",
    status: "completed",
    error: null,
    incomplete_details: null,
    model: "m-1",
    output: [],
    usage: { input_tokens: 3, output_tokens: 2 },
    ...change,
  });
}

const message = (...content: unknown[]) => ({ type: "message", content });

Deno.test("openaiResponses.readAnswer() joins the text of all messages", () => {
  const output = [
    { type: "reasoning", summary: [{ type: "summary_text", text: "hm" }] },
    message({ type: "output_text", text: "a" }, {
      type: "output_text",
      text: "b",
    }),
    message({ type: "output_text", text: "c" }),
  ];
  assertEquals(answerOf({ output }), {
    ...ABOUT,
    kind: "text",
    text: "abc",
    finishReason: "stop",
  });
});

Deno.test("openaiResponses.readAnswer() gives tool calls as text", () => {
  const output = [{ type: "function_call", name: "f", arguments: '{"x":1}' }];
  assertEquals(answerOf({ output }), {
    ...ABOUT,
    kind: "text",
    text: '[{"name":"f","arguments":{"x":1}}]',
    toolCalls: [{ name: "f", arguments: { x: 1 } }],
    finishReason: "tool_calls",
  });
});

Deno.test("openaiResponses.readAnswer() sees an answer that was cut off", () => {
  assertEquals(
    answerOf({
      status: "incomplete",
      incomplete_details: { reason: "max_output_tokens" },
      output: [message({ type: "output_text", text: "a" })],
    }),
    { ...ABOUT, kind: "text", text: "a", finishReason: "length" },
  );
});

Deno.test("openaiResponses.readAnswer() sees a refusal", () => {
  const output = [message({ type: "refusal", refusal: "No" })];
  assertEquals(answerOf({ output }), {
    ...ABOUT,
    kind: "declined",
    code: "refusal",
    reason: "No",
  });
});

Deno.test("openaiResponses.readAnswer() sees the content filter", () => {
  assertEquals(
    answerOf({
      status: "incomplete",
      incomplete_details: { reason: "content_filter" },
    }),
    {
      ...ABOUT,
      kind: "declined",
      code: "content_filter",
      reason: "incomplete: content_filter",
    },
  );
});

Deno.test("openaiResponses.readAnswer() sees a failed response", () => {
  const error = { code: "server_error", message: "crashed" };
  assertEquals(answerOf({ status: "failed", error }), {
    ...ABOUT,
    kind: "error",
    error: {
      status: undefined,
      codes: ["server_error"],
      message: "crashed",
      retryAfterMs: undefined,
    },
  });
});

Deno.test("openaiResponses.readAnswer() does not recognise other JSON", () => {
  assertEquals(
    openaiResponses.readAnswer({ choices: [] }).kind,
    "unrecognised",
  );
});

for (const type of ["completed", "incomplete", "failed"]) {
  Deno.test(`openaiResponses.assembleStream() takes the body of response.${type}`, () => {
    const assembly = openaiResponses.assembleStream();
    assertEquals(
      assembly.add({ type: "response.created", response: {} }),
      false,
    );
    assertEquals(
      assembly.add({ type: "response.output_text.delta", delta: "a" }),
      false,
    );
    assertEquals(assembly.body(), undefined);
    assertEquals(
      assembly.add({ type: `response.${type}`, response: { output: [] } }),
      true,
    );
    assertEquals(assembly.body(), { output: [] });
  });
}

Deno.test("openaiResponses.assembleStream() ends with an error", () => {
  const assembly = openaiResponses.assembleStream();
  assertEquals(assembly.add({ type: "error", code: "x", message: "y" }), true);
  assertEquals(openaiResponses.readAnswer(assembly.body()).kind, "error");
});
