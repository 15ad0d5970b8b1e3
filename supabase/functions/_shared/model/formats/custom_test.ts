import { assertEquals, assertStrictEquals } from "@std/assert";
import type { Endpoint } from "../endpoint.ts";
import { toRequestParts } from "../model_request.ts";
import { createCustomFormat } from "./custom.ts";
import { KNOWN_FORMATS } from "./known_formats.ts";

const MINE = new URL("https://mine.example.com/ask");
const PARTS = toRequestParts({
  prompt: "Hi",
  parameters: { maxTokens: 4, systemPrompt: "Be brief" },
}, "m-1");

function custom(
  endpoint: Pick<Endpoint, "requestTemplate" | "responsePath"> = {},
) {
  return createCustomFormat(endpoint, KNOWN_FORMATS);
}

Deno.test("custom.toBody() fills the endpoint's template", () => {
  const format = custom({
    requestTemplate: { q: "{{prompt}}", n: "{{parameters.maxTokens}}" },
  });
  assertEquals(format.toBody(PARTS, MINE), { q: "Hi", n: 4 });
  assertStrictEquals(format.toUrl(MINE, PARTS), MINE.href);
});

Deno.test("custom.toBody() sends chat messages and the prompt without a template", () => {
  assertEquals(JSON.parse(JSON.stringify(custom().toBody(PARTS, MINE))), {
    model: "m-1",
    messages: [
      { role: "system", content: "Be brief" },
      { role: "user", content: "Hi" },
    ],
    max_tokens: 4,
    prompt: "Hi",
  });
});

Deno.test("custom.readAnswer() follows the endpoint's paths", () => {
  const format = custom({
    responsePath: {
      text: "out[*].text",
      inputTokens: "usage.in",
      outputTokens: "usage.out",
    },
  });
  assertEquals(
    format.readAnswer({
      model: "m-9",
      out: [{ text: "a" }, { text: "b" }],
      usage: { in: 3, out: 2 },
    }),
    {
      kind: "text",
      text: "ab",
      finishReason: "other",
      model: "m-9",
      usage: { inputTokens: 3, outputTokens: 2 },
    },
  );
});

Deno.test("custom.readAnswer() gives what is no string as JSON", () => {
  const answer = custom({ responsePath: { text: "out" } })
    .readAnswer({ out: { label: "yes" } });
  assertEquals(answer.kind === "text" && answer.text, '{"label":"yes"}');
});

Deno.test("custom.readAnswer() does not recognise a body without the path", () => {
  const format = custom({ responsePath: { text: "out" } });
  assertEquals(format.readAnswer({ text: "Hi" }).kind, "unrecognised");
  assertEquals(format.readAnswer({ out: null }).kind, "unrecognised");
});

Deno.test("custom.readAnswer() sees an error at the endpoint's path", () => {
  const format = custom({ responsePath: { text: "out", error: "problem" } });
  const answer = format.readAnswer({ out: "", problem: "no model" });
  assertEquals(answer.kind === "error" && answer.error.message, "no model");
  for (const problem of [null, false, "", undefined]) {
    assertEquals(format.readAnswer({ out: "Hi", problem }).kind, "text");
  }
});

for (
  const [shape, body] of [
    ["OpenAI's chat", { choices: [{ message: { content: "Hi" } }] }],
    [
      "OpenAI's responses",
      {
        object: "response",
        output: [{
          type: "message",
          content: [{ type: "output_text", text: "Hi" }],
        }],
      },
    ],
    [
      "Anthropic's messages",
      { type: "message", content: [{ type: "text", text: "Hi" }] },
    ],
    ["Gemini's", { candidates: [{ content: { parts: [{ text: "Hi" }] } }] }],
    ["Ollama's", { done: true, message: { role: "assistant", content: "Hi" } }],
    ["a text field", { text: "Hi" }],
    ["a response field", { response: "Hi", detail: "fast" }],
    ["a list of generated_text", [{ generated_text: "Hi" }]],
    ["plain text", "Hi"],
  ] as const
) {
  Deno.test(`custom.readAnswer() recognises an answer of the shape ${shape}`, () => {
    const answer = custom().readAnswer(body);
    assertEquals(answer.kind === "text" && answer.text, "Hi");
  });
}

Deno.test("custom.readAnswer() prefers declared paths to a known shape's usage", () => {
  const format = custom({ responsePath: { inputTokens: "billed" } });
  const { usage } = format.readAnswer({
    choices: [{ message: { content: "Hi" } }],
    usage: { prompt_tokens: 3, completion_tokens: 2 },
    billed: 7,
  });
  assertEquals(usage, { inputTokens: 7, outputTokens: 2 });
});

Deno.test("custom.readAnswer() does not recognise other JSON", () => {
  assertEquals(custom().readAnswer({ weather: ["rain"] }).kind, "unrecognised");
});

function assemble(
  endpoint: Parameters<typeof custom>[0],
  events: Record<string, unknown>[],
): unknown {
  const format = custom(endpoint);
  const assembly = format.assembleStream();
  for (const event of events) assembly.add(event);
  const body = assembly.body();
  return body === undefined ? undefined : format.readAnswer(body);
}

Deno.test("custom.assembleStream() adds up the text at the endpoint's path", () => {
  const responsePath = { text: "piece", outputTokens: "out", error: "problem" };
  assertEquals(
    assemble({ responsePath }, [{ piece: "a" }, { piece: "b" }, { out: 2 }]),
    {
      kind: "text",
      text: "ab",
      finishReason: "other",
      model: undefined,
      usage: { inputTokens: undefined, outputTokens: 2 },
    },
  );
  const failed = assemble({ responsePath }, [{ piece: "a" }, { problem: "x" }]);
  assertEquals((failed as { kind: string }).kind, "error");
  assertEquals(assemble({ responsePath }, []), undefined);
});

Deno.test("custom.assembleStream() recognises a stream of a known format", () => {
  const events = [
    { candidates: [{ content: { parts: [{ text: "a" }] } }] },
    {
      candidates: [{
        content: { parts: [{ text: "b" }] },
        finishReason: "STOP",
      }],
    },
  ];
  const answer = assemble({}, events) as { text: string };
  assertEquals(answer.text, "ab");
  assertEquals(assemble({}, events.slice(0, 1)), undefined);
});
