import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { FailedCall } from "../failed_call.ts";
import type { Message } from "../../prompt.ts";
import { toRequestParts } from "../model_request.ts";
import { gemini } from "./gemini.ts";

const HOST = "https://generativelanguage.googleapis.com";

function urlOf(url: string, model: string | null = "m-1"): string {
  const parts = toRequestParts({ prompt: "Hi", parameters: {} }, model);
  return gemini.toUrl(new URL(url), parts);
}

for (
  const [url, expected] of [
    [HOST, `${HOST}/v1beta/models/m-1:generateContent`],
    [`${HOST}/v1`, `${HOST}/v1/models/m-1:generateContent`],
    [`${HOST}/v1beta/models/`, `${HOST}/v1beta/models/m-1:generateContent`],
    [`${HOST}/v1beta/models/m-2`, `${HOST}/v1beta/models/m-2:generateContent`],
    [
      `${HOST}/v1beta/models/m-2:streamGenerateContent?alt=sse`,
      `${HOST}/v1beta/models/m-2:streamGenerateContent?alt=sse`,
    ],
  ]
) {
  Deno.test(`gemini.toUrl() completes ${url}`, () => {
    assertStrictEquals(urlOf(url), expected);
  });
}

Deno.test("gemini.toUrl() accepts a model with its prefix", () => {
  assertEquals(
    urlOf(HOST, "models/m-1"),
    `${HOST}/v1beta/models/m-1:generateContent`,
  );
});

Deno.test("gemini.toUrl() wants a model that is a name", () => {
  assertEquals(
    assertThrows(() => urlOf(HOST, null), FailedCall).code,
    "model_missing",
  );
  for (const model of ["../../v1/files", "..", "a?b", "a/b"]) {
    assertEquals(
      assertThrows(() => urlOf(HOST, model), FailedCall).code,
      "model_invalid",
    );
  }
});

function bodyOf(
  parameters: Record<string, unknown>,
  messages?: Message[],
): unknown {
  const parts = toRequestParts({ prompt: "Hi", messages, parameters }, "m-1");
  return JSON.parse(JSON.stringify(gemini.toBody(parts)));
}

const PROMPT = { role: "user", parts: [{ text: "Hi" }] };
const PLAIN = { contents: [PROMPT], generationConfig: {} };

Deno.test("gemini.toBody() sends the prompt and nothing else", () => {
  assertEquals(bodyOf({}), PLAIN);
});

Deno.test("gemini.toBody() sends system prompt and earlier turns", () => {
  const messages: Message[] = [
    { role: "system", content: "Be brief" },
    { role: "assistant", content: "1" },
  ];
  assertEquals(bodyOf({}, messages), {
    ...PLAIN,
    systemInstruction: { parts: [{ text: "Be brief" }] },
    contents: [{ role: "model", parts: [{ text: "1" }] }, PROMPT],
  });
});

Deno.test("gemini.toBody() translates parameters to the API's names", () => {
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
      generationConfig: { thinkingConfig: { thinkingBudget: 0 } },
      safetySettings: [],
    }),
    {
      ...PLAIN,
      generationConfig: {
        thinkingConfig: { thinkingBudget: 0 },
        temperature: 0.1,
        topP: 0.2,
        topK: 3,
        maxOutputTokens: 4,
        stopSequences: ["x"],
        seed: 5,
        presencePenalty: 0.6,
        frequencyPenalty: 0.7,
        responseMimeType: "application/json",
        responseJsonSchema: { type: "object" },
      },
      safetySettings: [],
    },
  );
});

const ABOUT = {
  model: "m-1",
  usage: { inputTokens: 3, outputTokens: 6, reasoningTokens: 4 },
};
const METADATA = {
  modelVersion: "m-1",
  usageMetadata: {
    promptTokenCount: 3,
    candidatesTokenCount: 2,
    thoughtsTokenCount: 4,
  },
};

function answerOf(parts: unknown[] | undefined, finishReason: string): unknown {
  const candidate = {
    content: parts && { role: "model", parts },
    finishReason,
  };
  return gemini.readAnswer({ ...METADATA, candidates: [candidate] });
}

for (
  const [finish, finishReason] of [
    ["STOP", "stop"],
    ["MAX_TOKENS", "length"],
    ["MALFORMED_FUNCTION_CALL", "other"],
  ]
) {
  Deno.test(`gemini.readAnswer() reads finishReason ${finish}`, () => {
    assertEquals(answerOf([{ text: "a" }, { text: "b" }], finish), {
      ...ABOUT,
      kind: "text",
      text: "ab",
      finishReason,
    });
  });
}

Deno.test("gemini.readAnswer() leaves thoughts out", () => {
  assertEquals(
    answerOf([{ text: "hm", thought: true }, { text: "a" }], "STOP"),
    {
      ...ABOUT,
      kind: "text",
      text: "a",
      finishReason: "stop",
    },
  );
});

Deno.test("gemini.readAnswer() gives tool calls as text", () => {
  const parts = [{ functionCall: { name: "f", args: { x: 1 } } }];
  assertEquals(answerOf(parts, "STOP"), {
    ...ABOUT,
    kind: "text",
    text: '[{"name":"f","arguments":{"x":1}}]',
    finishReason: "tool_calls",
  });
});

for (const finish of ["SAFETY", "RECITATION", "PROHIBITED_CONTENT", "SPII"]) {
  Deno.test(`gemini.readAnswer() sees an answer filtered by ${finish}`, () => {
    assertEquals(answerOf(undefined, finish), {
      ...ABOUT,
      kind: "declined",
      code: "content_filter",
      reason: `finishReason ${finish}`,
    });
  });
}

Deno.test("gemini.readAnswer() sees a blocked prompt", () => {
  const body = { ...METADATA, promptFeedback: { blockReason: "SAFETY" } };
  assertEquals(gemini.readAnswer(body), {
    ...ABOUT,
    kind: "declined",
    code: "content_filter",
    reason: "promptFeedback.blockReason SAFETY",
  });
});

Deno.test("gemini.readAnswer() does not recognise other JSON", () => {
  for (const body of [{}, [], [{}], null]) {
    assertEquals(gemini.readAnswer(body).kind, "unrecognised");
  }
});

const EVENTS = [
  {
    candidates: [{ content: { parts: [{ text: "a" }] } }],
    modelVersion: "m-1",
  },
  {
    ...METADATA,
    candidates: [{ content: { parts: [{ text: "b" }] }, finishReason: "STOP" }],
  },
];
const STREAMED = {
  ...ABOUT,
  kind: "text",
  text: "ab",
  finishReason: "stop",
} as const;

Deno.test("gemini.assembleStream() adds up text and keeps the last usage", () => {
  const assembly = gemini.assembleStream();
  assertEquals(assembly.add(EVENTS[0]), false);
  assertEquals(assembly.body(), undefined);
  assembly.add(EVENTS[1]);
  assertEquals(gemini.readAnswer(assembly.body()), STREAMED);
});

Deno.test("gemini.readAnswer() reads a stream that was sent as one array", () => {
  assertEquals(gemini.readAnswer(EVENTS), STREAMED);
});

Deno.test("gemini.assembleStream() sees a blocked prompt", () => {
  const assembly = gemini.assembleStream();
  assembly.add({ promptFeedback: { blockReason: "OTHER" } });
  assertEquals(gemini.readAnswer(assembly.body()).kind, "declined");
});

Deno.test("gemini.assembleStream() ends with an error", () => {
  const assembly = gemini.assembleStream();
  assertEquals(assembly.add({ error: { code: 503, message: "x" } }), true);
  const answer = gemini.readAnswer(assembly.body());
  assertEquals(answer.kind === "error" && answer.error.status, 503);
});

Deno.test("gemini.readAnswer() counts what its own tools read as input, and the cached part of it", () => {
  // github.com/QuantumNous/new-api/issues/2935
  const { usage } = gemini.readAnswer({
    candidates: [],
    usageMetadata: {
      promptTokenCount: 151,
      cachedContentTokenCount: 100,
      candidatesTokenCount: 1089,
      totalTokenCount: 20689,
      toolUsePromptTokenCount: 18329,
      thoughtsTokenCount: 1120,
    },
  });
  assertEquals(usage, {
    inputTokens: 18480,
    outputTokens: 2209,
    cachedInputTokens: 100,
    reasoningTokens: 1120,
  });
});
