import { assertEquals, assertThrows } from "@std/assert";
import { FailedCall } from "../failed_call.ts";
import type { Message } from "../../prompt.ts";
import { toRequestParts } from "../model_request.ts";
import { ollama } from "./ollama.ts";

function bodyOf(
  parameters: Record<string, unknown>,
  messages?: Message[],
  model: string | null = "m-1",
): unknown {
  const parts = toRequestParts({ prompt: "Hi", messages, parameters }, model);
  return JSON.parse(JSON.stringify(ollama.toBody(parts)));
}

const PLAIN = {
  stream: false,
  model: "m-1",
  messages: [{ role: "user", content: "Hi" }],
  options: {},
};

Deno.test("ollama.toBody() asks for an answer in one piece", () => {
  assertEquals(bodyOf({}), PLAIN);
});

Deno.test("ollama.toBody() sends system prompt and earlier turns in order", () => {
  const messages: Message[] = [
    { role: "assistant", content: "1" },
    { role: "system", content: "Be brief" },
  ];
  assertEquals(bodyOf({}, messages), {
    ...PLAIN,
    messages: [messages[1], messages[0], PLAIN.messages[0]],
  });
});

Deno.test("ollama.toBody() translates parameters to the API's names", () => {
  assertEquals(
    bodyOf({
      temperature: 0.1,
      topP: 0.2,
      topK: 3,
      maxTokens: 4,
      stop: "x",
      seed: 5,
      presencePenalty: 0.6,
      frequencyPenalty: 0.7,
      responseSchema: { type: "object" },
      options: { num_ctx: 8192 },
      keep_alive: "10m",
    }),
    {
      ...PLAIN,
      format: { type: "object" },
      options: {
        num_ctx: 8192,
        temperature: 0.1,
        top_p: 0.2,
        top_k: 3,
        num_predict: 4,
        stop: ["x"],
        seed: 5,
        presence_penalty: 0.6,
        frequency_penalty: 0.7,
      },
      keep_alive: "10m",
    },
  );
});

Deno.test("ollama.toBody() wants a model", () => {
  assertEquals(
    assertThrows(() => bodyOf({}, [], null), FailedCall).code,
    "model_missing",
  );
});

const ABOUT = { model: "m-1", usage: { inputTokens: 3, outputTokens: 2 } };
const DONE = { model: "m-1", done: true, prompt_eval_count: 3, eval_count: 2 };

for (
  const [reason, finishReason] of [
    ["stop", "stop"],
    ["length", "length"],
    ["load", "other"],
  ] as const
) {
  Deno.test(`ollama.readAnswer() reads done_reason ${reason}`, () => {
    const message = { role: "assistant", content: "Hi", thinking: "hm" };
    assertEquals(ollama.readAnswer({ ...DONE, done_reason: reason, message }), {
      ...ABOUT,
      kind: "text",
      text: "Hi",
      finishReason,
    });
  });
}

Deno.test("ollama.readAnswer() gives tool calls as text", () => {
  const message = {
    content: "",
    tool_calls: [{ function: { name: "f", arguments: { x: 1 } } }],
  };
  assertEquals(ollama.readAnswer({ ...DONE, done_reason: "stop", message }), {
    ...ABOUT,
    kind: "text",
    text: '[{"name":"f","arguments":{"x":1}}]',
    toolCalls: [{ name: "f", arguments: { x: 1 } }],
    finishReason: "tool_calls",
  });
});

Deno.test("ollama.readAnswer() sees an error in words", () => {
  const answer = ollama.readAnswer({ error: "model not found" });
  assertEquals(
    answer.kind === "error" && answer.error.message,
    "model not found",
  );
});

Deno.test("ollama.readAnswer() does not recognise other JSON", () => {
  assertEquals(ollama.readAnswer({ done: true }).kind, "unrecognised");
});

Deno.test("ollama.assembleStream() adds up lines until done", () => {
  const assembly = ollama.assembleStream();
  const line = (content: string) => ({
    message: { role: "assistant", content },
    done: false,
  });
  assertEquals(assembly.add(line("a")), false);
  assertEquals(assembly.add(line("b")), false);
  assertEquals(assembly.body(), undefined);
  assertEquals(
    assembly.add({ ...DONE, done_reason: "stop", message: { content: "" } }),
    true,
  );
  assertEquals(ollama.readAnswer(assembly.body()), {
    ...ABOUT,
    kind: "text",
    text: "ab",
    finishReason: "stop",
  });
});

Deno.test("ollama.assembleStream() ends with an error", () => {
  const assembly = ollama.assembleStream();
  assertEquals(assembly.add({ error: "crashed" }), true);
  assertEquals(ollama.readAnswer(assembly.body()).kind, "error");
});
