import { assertEquals, assertThrows } from "@std/assert";
import { FailedCall } from "../failed_call.ts";
import type { Message } from "../../prompt.ts";
import { toRequestParts } from "../model_request.ts";
import { anthropicMessages } from "./anthropic_messages.ts";

function bodyOf(
  parameters: Record<string, unknown>,
  messages?: Message[],
  model: string | null = "m-1",
): unknown {
  const parts = toRequestParts({ prompt: "Hi", messages, parameters }, model);
  return JSON.parse(
    JSON.stringify(anthropicMessages.toBody(parts)),
  );
}

const PLAIN = {
  model: "m-1",
  max_tokens: 4096,
  messages: [{ role: "user", content: "Hi" }],
};

Deno.test("anthropicMessages.toBody() sends what the API demands", () => {
  assertEquals(bodyOf({}), PLAIN);
  assertEquals(anthropicMessages.headers["anthropic-version"], "2023-06-01");
});

Deno.test("anthropicMessages.toBody() keeps system turns out of messages", () => {
  const messages: Message[] = [
    { role: "system", content: "Be brief" },
    { role: "assistant", content: "1" },
  ];
  assertEquals(bodyOf({}, messages), {
    ...PLAIN,
    system: "Be brief",
    messages: [messages[1], PLAIN.messages[0]],
  });
});

Deno.test("anthropicMessages.toBody() translates parameters to the API's names", () => {
  assertEquals(
    bodyOf({
      temperature: 0.1,
      topP: 0.2,
      topK: 3,
      maxTokens: 4,
      stop: "x",
      responseSchema: { type: "object" },
      output_config: { effort: "low" },
      thinking: { type: "disabled" },
    }),
    {
      ...PLAIN,
      max_tokens: 4,
      temperature: 0.1,
      top_p: 0.2,
      top_k: 3,
      stop_sequences: ["x"],
      output_config: {
        effort: "low",
        format: { type: "json_schema", schema: { type: "object" } },
      },
      thinking: { type: "disabled" },
    },
  );
});

Deno.test("anthropicMessages.toBody() lets max_tokens be given verbatim", () => {
  assertEquals(bodyOf({ max_tokens: 9 }), { ...PLAIN, max_tokens: 9 });
});

for (const name of ["seed", "presencePenalty", "frequencyPenalty"]) {
  Deno.test(`anthropicMessages.toBody() refuses ${name}`, () => {
    assertEquals(
      assertThrows(() => bodyOf({ [name]: 1 }), FailedCall).code,
      "unsupported_parameter",
    );
  });
}

Deno.test("anthropicMessages.toBody() wants a model", () => {
  assertEquals(
    assertThrows(() => bodyOf({}, [], null), FailedCall).code,
    "model_missing",
  );
});

const ABOUT = {
  model: "m-1",
  usage: {
    inputTokens: 6,
    outputTokens: 2,
    cachedInputTokens: 1,
    cacheWriteTokens: 2,
  },
};

function answerOf(change: Record<string, unknown>): unknown {
  return anthropicMessages.readAnswer({
    type: "message",
    model: "m-1",
    content: [{ type: "text", text: "Hi" }],
    stop_reason: "end_turn",
    usage: {
      input_tokens: 3,
      cache_creation_input_tokens: 2,
      cache_read_input_tokens: 1,
      output_tokens: 2,
    },
    ...change,
  });
}

for (
  const [stop, finishReason] of [
    ["end_turn", "stop"],
    ["stop_sequence", "stop"],
    ["max_tokens", "length"],
    ["model_context_window_exceeded", "length"],
    ["tool_use", "tool_calls"],
    ["pause_turn", "other"],
  ]
) {
  Deno.test(`anthropicMessages.readAnswer() reads stop_reason ${stop}`, () => {
    assertEquals(answerOf({ stop_reason: stop }), {
      ...ABOUT,
      kind: "text",
      text: "Hi",
      finishReason,
    });
  });
}

Deno.test("anthropicMessages.readAnswer() leaves thinking out", () => {
  const content = [
    { type: "thinking", thinking: "hm" },
    { type: "text", text: "a" },
    { type: "text", text: "b" },
  ];
  assertEquals(answerOf({ content }), {
    ...ABOUT,
    kind: "text",
    text: "ab",
    finishReason: "stop",
  });
});

Deno.test("anthropicMessages.readAnswer() gives tool calls as text", () => {
  const content = [{ type: "tool_use", id: "t", name: "f", input: { x: 1 } }];
  assertEquals(answerOf({ content, stop_reason: "tool_use" }), {
    ...ABOUT,
    kind: "text",
    text: '[{"name":"f","arguments":{"x":1}}]',
    finishReason: "tool_calls",
  });
});

Deno.test("anthropicMessages.readAnswer() sees a refusal and why", () => {
  const refused = { content: [], stop_reason: "refusal" };
  const declined = { ...ABOUT, kind: "declined", code: "refusal" };
  assertEquals(
    answerOf({
      ...refused,
      stop_details: { category: "bio", explanation: null },
    }),
    { ...declined, reason: "bio" },
  );
  assertEquals(answerOf({ ...refused, stop_details: null }), {
    ...declined,
    reason: "stop_reason refusal",
  });
});

Deno.test("anthropicMessages.readAnswer() does not recognise other JSON", () => {
  assertEquals(
    anthropicMessages.readAnswer({ type: "message" }).kind,
    "unrecognised",
  );
});

function assemble(events: Record<string, unknown>[]): unknown {
  const assembly = anthropicMessages.assembleStream();
  for (const event of events) assembly.add(event);
  return assembly.body();
}

const START = {
  type: "message_start",
  message: {
    type: "message",
    model: "m-1",
    content: [],
    stop_reason: null,
    usage: { input_tokens: 3, output_tokens: 1 },
  },
};

Deno.test("anthropicMessages.assembleStream() adds up text, tool input and usage", () => {
  const delta = (index: number, delta: unknown) => ({
    type: "content_block_delta",
    index,
    delta,
  });
  const body = assemble([
    START,
    { type: "ping" },
    {
      type: "content_block_start",
      index: 0,
      content_block: { type: "text", text: "" },
    },
    delta(0, { type: "text_delta", text: "a" }),
    delta(0, { type: "text_delta", text: "b" }),
    {
      type: "content_block_start",
      index: 1,
      content_block: { type: "tool_use", name: "f", input: {} },
    },
    delta(1, { type: "input_json_delta", partial_json: '{"x"' }),
    delta(1, { type: "input_json_delta", partial_json: ":1}" }),
    {
      type: "message_delta",
      delta: { stop_reason: "tool_use" },
      usage: { output_tokens: 2, input_tokens: null },
    },
    { type: "message_stop" },
  ]);
  assertEquals(body, {
    type: "message",
    model: "m-1",
    content: [
      { type: "text", text: "ab" },
      { type: "tool_use", name: "f", input: { x: 1 } },
    ],
    stop_reason: "tool_use",
    usage: { input_tokens: 3, output_tokens: 2 },
  });
});

Deno.test("anthropicMessages.assembleStream() has no body before message_stop", () => {
  assertEquals(assemble([START]), undefined);
});

Deno.test("anthropicMessages.assembleStream() ends with an error", () => {
  const error = { type: "overloaded_error", message: "Overloaded" };
  const body = assemble([START, { type: "error", error }]);
  const answer = anthropicMessages.readAnswer(body);
  assertEquals(
    answer.kind === "error" && answer.error.codes[0],
    "overloaded_error",
  );
  assertEquals(answer.usage.inputTokens, 3);
});

Deno.test("anthropicMessages.readAnswer() tells what is cached for an hour, and thinking", () => {
  const answer = anthropicMessages.readAnswer({
    type: "message",
    content: [],
    usage: {
      input_tokens: 2,
      cache_creation_input_tokens: 10408,
      cache_read_input_tokens: 14265,
      cache_creation: {
        ephemeral_5m_input_tokens: 408,
        ephemeral_1h_input_tokens: 10000,
      },
      output_tokens: 113,
      output_tokens_details: { thinking_tokens: 40 },
    },
  });
  assertEquals(answer.usage, {
    inputTokens: 24675,
    outputTokens: 113,
    cachedInputTokens: 14265,
    cacheWriteTokens: 10408,
    cacheWriteHourTokens: 10000,
    reasoningTokens: 40,
  });
});
