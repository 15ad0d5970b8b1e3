import { assertEquals } from "@std/assert";
import type { Message } from "../../prompt.ts";
import { toRequestParts } from "../model_request.ts";
import { openaiChat } from "./openai_chat.ts";

const OPENAI = new URL("https://api.openai.com/v1/chat/completions");
const OTHER = new URL("https://llm.example.com/v1/chat/completions");

function bodyOf(
  parameters: Record<string, unknown>,
  url = OPENAI,
  messages?: Message[],
): unknown {
  const parts = toRequestParts({ prompt: "Hi", messages, parameters }, "m-1");
  return JSON.parse(JSON.stringify(openaiChat.toBody(parts, url)));
}

const PLAIN = { model: "m-1", messages: [{ role: "user", content: "Hi" }] };

Deno.test("openaiChat.toBody() sends model and prompt and nothing else", () => {
  assertEquals(bodyOf({}), PLAIN);
});

Deno.test("openaiChat.toBody() sends system prompt and earlier turns in order", () => {
  const messages: Message[] = [
    { role: "system", content: "archived" },
    { role: "user", content: "1" },
    { role: "assistant", content: "2" },
  ];
  const turns = [messages[1], messages[2], { role: "user", content: "Hi" }];
  assertEquals(bodyOf({}, OPENAI, messages), {
    ...PLAIN,
    messages: [messages[0], ...turns],
  });
  assertEquals(bodyOf({ systemPrompt: "new" }, OPENAI, messages), {
    ...PLAIN,
    messages: [{ role: "system", content: "new" }, ...turns],
  });
});

Deno.test("openaiChat.toBody() translates parameters to the API's names", () => {
  assertEquals(
    bodyOf({
      model: "m-2",
      temperature: 0.1,
      topP: 0.2,
      topK: 3,
      maxTokens: 4,
      stop: ["x"],
      seed: 5,
      presencePenalty: 0.6,
      frequencyPenalty: 0.7,
      responseSchema: { type: "object" },
      reasoning_effort: "low",
    }),
    {
      model: "m-2",
      messages: PLAIN.messages,
      temperature: 0.1,
      top_p: 0.2,
      top_k: 3,
      max_completion_tokens: 4,
      stop: ["x"],
      seed: 5,
      presence_penalty: 0.6,
      frequency_penalty: 0.7,
      response_format: {
        type: "json_schema",
        json_schema: {
          name: "response",
          schema: { type: "object" },
          strict: true,
        },
      },
      reasoning_effort: "low",
    },
  );
});

for (
  const [url, name] of [
    [OPENAI, "max_completion_tokens"],
    [new URL("https://x.openai.azure.com/openai/v1"), "max_completion_tokens"],
    [OTHER, "max_tokens"],
    [new URL("https://notopenai.com/"), "max_tokens"],
  ] as const
) {
  Deno.test(`openaiChat.toBody() sends ${name} to ${url.host}`, () => {
    assertEquals(bodyOf({ maxTokens: 9 }, url), { ...PLAIN, [name]: 9 });
  });
}

Deno.test("openaiChat.toBody() never lets a parameter replace the prompt", () => {
  assertEquals(bodyOf({ messages: [], temperature: null }), PLAIN);
});

const USAGE = { prompt_tokens: 3, completion_tokens: 2 };
const ABOUT = { model: "m-1", usage: { inputTokens: 3, outputTokens: 2 } };

function answerOf(message: unknown, finish_reason: string): unknown {
  const body = {
    model: "m-1",
    usage: USAGE,
    choices: [{ message, finish_reason }],
  };
  return openaiChat.readAnswer(body);
}

for (
  const [finish, finishReason] of [
    ["stop", "stop"],
    ["length", "length"],
    ["tool_calls", "tool_calls"],
    ["function_call", "tool_calls"],
    ["eos", "stop"],
    ["something new", "other"],
  ]
) {
  Deno.test(`openaiChat.readAnswer() reads finish_reason ${finish}`, () => {
    assertEquals(answerOf({ content: "Hi" }, finish), {
      ...ABOUT,
      kind: "text",
      text: "Hi",
      finishReason,
    });
  });
}

Deno.test("openaiChat.readAnswer() joins typed parts and leaves thinking out", () => {
  const content = [
    { type: "thinking", text: "hm" },
    { type: "text", text: "a" },
    { type: "text", text: "b" },
  ];
  assertEquals(answerOf({ content }, "stop"), {
    ...ABOUT,
    kind: "text",
    text: "ab",
    finishReason: "stop",
  });
});

Deno.test("openaiChat.readAnswer() gives tool calls as text", () => {
  const tool_calls = [{
    id: "call_1",
    type: "function",
    function: { name: "f", arguments: '{"x":1}' },
  }];
  assertEquals(answerOf({ content: null, tool_calls }, "tool_calls"), {
    ...ABOUT,
    kind: "text",
    text: '[{"name":"f","arguments":{"x":1}}]',
    toolCalls: [{ name: "f", arguments: { x: 1 } }],
    finishReason: "tool_calls",
  });
});

Deno.test("openaiChat.readAnswer() keeps tool calls beside the words", () => {
  const tool_calls = [{ function: { name: "f", arguments: '{"x":1}' } }];
  assertEquals(answerOf({ content: "Let me see", tool_calls }, "stop"), {
    ...ABOUT,
    kind: "text",
    text: "Let me see",
    toolCalls: [{ name: "f", arguments: { x: 1 } }],
    finishReason: "tool_calls",
  });
});

Deno.test("openaiChat.readAnswer() hears what a gateway says of the provider beside its own", () => {
  const choices = [{
    message: { content: "" },
    finish_reason: "stop",
    native_finish_reason: "network_error",
  }];
  assertEquals(openaiChat.readAnswer({ choices }), {
    model: undefined,
    usage: { inputTokens: undefined, outputTokens: undefined },
    kind: "broken_off",
    reason: "native_finish_reason network_error",
  });
});

Deno.test("openaiChat.readAnswer() sees a refusal", () => {
  assertEquals(answerOf({ content: null, refusal: "No" }, "stop"), {
    ...ABOUT,
    kind: "declined",
    code: "refusal",
    reason: "No",
  });
});

Deno.test("openaiChat.readAnswer() sees the content filter", () => {
  assertEquals(answerOf({ content: "Hal" }, "content_filter"), {
    ...ABOUT,
    kind: "declined",
    code: "content_filter",
    reason: "finish_reason content_filter",
  });
});

for (
  const body of [
    { error: { code: 502, message: "no provider" } },
    { choices: [{ error: { code: 502, message: "no provider" } }] },
  ]
) {
  Deno.test(`openaiChat.readAnswer() sees the error in ${JSON.stringify(body)}`, () => {
    const answer = openaiChat.readAnswer(body);
    assertEquals(answer.kind === "error" && answer.error.status, 502);
  });
}

Deno.test("openaiChat.readAnswer() does not recognise other JSON", () => {
  for (const body of [{}, [], null, 1, "x", { choices: "x" }]) {
    assertEquals(openaiChat.readAnswer(body).kind, "unrecognised");
  }
});

const chunk = (delta: unknown, finish_reason: string | null = null) => ({
  model: "m-1",
  choices: [{ delta, finish_reason }],
});

Deno.test("openaiChat.assembleStream() adds up text, tool calls and usage", () => {
  const assembly = openaiChat.assembleStream();
  const call = (index: number, name: string, text: string) => ({
    tool_calls: [{ index, function: { name, arguments: text } }],
  });
  for (
    const event of [
      chunk({ role: "assistant", content: "a" }),
      chunk({ content: "b" }),
      chunk(call(1e9, "f", '{"x"')),
      chunk(call(1e9, "", ":1}")),
      chunk({}, "tool_calls"),
      { choices: [], usage: USAGE },
    ]
  ) assertEquals(assembly.add(event), false);
  assertEquals(assembly.body(), {
    model: "m-1",
    usage: USAGE,
    choices: [{
      message: {
        content: "ab",
        refusal: "",
        tool_calls: [{ function: { name: "f", arguments: '{"x":1}' } }],
      },
      finish_reason: "tool_calls",
      native_finish_reason: undefined,
    }],
  });
});

/** The calls of a stream with these parts. */
function callsOf(...parts: unknown[]): unknown {
  const assembly = openaiChat.assembleStream();
  for (const part of parts) assembly.add(chunk({ tool_calls: [part] }));
  assembly.add(chunk({}, "tool_calls"));
  const answer = openaiChat.readAnswer(assembly.body());
  return answer.kind === "text" && answer.toolCalls;
}

const piece = (
  id: string | undefined,
  name: string | undefined,
  text: string,
) => ({
  id,
  function: { name, arguments: text },
});

Deno.test("openaiChat.assembleStream() tells calls apart that share an index", () => {
  const both = [{ name: "f", arguments: { x: 1 } }, {
    name: "f",
    arguments: { x: 2 },
  }];
  const [first, second] = [
    piece("a", "f", '{"x":1}'),
    piece("b", "f", '{"x":2}'),
  ];
  assertEquals(callsOf(first, second), both);
  assertEquals(callsOf({ ...first, index: 0 }, { ...second, index: 0 }), both);
});

Deno.test("openaiChat.assembleStream() adds up the pieces of one call, whatever their ids", () => {
  const one = [{ name: "f", arguments: { x: 1 } }];
  assertEquals(
    callsOf(piece("a", "f", '{"x"'), piece(undefined, undefined, ":1}")),
    one,
  );
  assertEquals(callsOf(piece("a", "f", '{"x"'), piece("b", "", ":1}")), one);
});

Deno.test("openaiChat.assembleStream() takes no empty word for the end", () => {
  const assembly = openaiChat.assembleStream();
  assembly.add(chunk({ content: "a" }, ""));
  assembly.add(chunk({ content: "b" }, "null"));
  assertEquals(assembly.body(), undefined);
  assembly.add(chunk({ content: "c" }, "stop"));
  assembly.add(chunk({}, ""));
  const answer = openaiChat.readAnswer(assembly.body());
  assertEquals(answer.kind === "text" && [answer.text, answer.finishReason], [
    "abc",
    "stop",
  ]);
});

Deno.test("openaiChat.assembleStream() reads a whole answer in one event", () => {
  const assembly = openaiChat.assembleStream();
  assembly.add({
    choices: [{ message: { content: "Lima" }, finish_reason: "stop" }],
  });
  const answer = openaiChat.readAnswer(assembly.body());
  assertEquals(answer.kind === "text" && answer.text, "Lima");
});

Deno.test("openaiChat.assembleStream() does not add the whole answer to its pieces", () => {
  const assembly = openaiChat.assembleStream();
  assembly.add(chunk({ content: "Li" }));
  assembly.add(chunk({ content: "ma" }));
  assembly.add({
    choices: [{ message: { content: "Lima" }, finish_reason: "stop" }],
  });
  const answer = openaiChat.readAnswer(assembly.body());
  assertEquals(answer.kind === "text" && answer.text, "Lima");
});

Deno.test("openaiChat.assembleStream() has no body before the finish reason", () => {
  const assembly = openaiChat.assembleStream();
  assembly.add(chunk({ content: "a" }));
  assertEquals(assembly.body(), undefined);
});

Deno.test("openaiChat.assembleStream() ends with an error", () => {
  const assembly = openaiChat.assembleStream();
  assertEquals(assembly.add({ error: { message: "x" } }), true);
  assertEquals(assembly.body(), { error: { message: "x" } });
});

Deno.test("openaiChat.toBody() asks a stream for its usage, but Mistral, which refuses the wish", () => {
  const wish = { stream: true, stream_options: { include_usage: true } };
  assertEquals(bodyOf({ stream: true }), { ...PLAIN, ...wish });
  assertEquals(
    bodyOf({ stream: true }, new URL("https://api.mistral.ai/v1")),
    { ...PLAIN, stream: true },
  );
});

Deno.test("openaiChat.toBody() sends one limit of output tokens, however it is spelt", () => {
  assertEquals(bodyOf({ max_tokens: 9 }), {
    ...PLAIN,
    max_completion_tokens: 9,
  });
  assertEquals(bodyOf({ max_completion_tokens: 9 }, OTHER), {
    ...PLAIN,
    max_tokens: 9,
  });
});

for (
  const [vendor, usage, read] of [
    [
      "OpenAI",
      {
        prompt_tokens: 2600,
        completion_tokens: 300,
        total_tokens: 2900,
        prompt_tokens_details: { cached_tokens: 2000, cache_write_tokens: 400 },
        completion_tokens_details: { reasoning_tokens: 256 },
      },
      {
        inputTokens: 2600,
        outputTokens: 300,
        cachedInputTokens: 2000,
        cacheWriteTokens: 400,
        reasoningTokens: 256,
      },
    ],
    // Its total says that reasoning stands beside the completion: github.com/Wei-Shaw/sub2api/issues/5771
    [
      "xAI",
      {
        prompt_tokens: 10120,
        completion_tokens: 1499,
        total_tokens: 14428,
        prompt_tokens_details: { cached_tokens: 128 },
        completion_tokens_details: { reasoning_tokens: 2809 },
      },
      {
        inputTokens: 10120,
        outputTokens: 4308,
        cachedInputTokens: 128,
        reasoningTokens: 2809,
      },
    ],
    [
      "Gemini's compatible API",
      { prompt_tokens: 10, completion_tokens: 5, total_tokens: 45 },
      { inputTokens: 10, outputTokens: 35, reasoningTokens: 30 },
    ],
    [
      "DeepSeek",
      {
        prompt_tokens: 102056,
        completion_tokens: 252,
        total_tokens: 102308,
        prompt_cache_hit_tokens: 94464,
        prompt_cache_miss_tokens: 7592,
      },
      { inputTokens: 102056, outputTokens: 252, cachedInputTokens: 94464 },
    ],
    [
      "Moonshot",
      { prompt_tokens: 50, completion_tokens: 5, cached_tokens: 20 },
      { inputTokens: 50, outputTokens: 5, cachedInputTokens: 20 },
    ],
  ] as const
) {
  Deno.test(`openaiChat.readAnswer() reads the usage of ${vendor}`, () => {
    const choices = [{ message: { content: "Hi" }, finish_reason: "stop" }];
    assertEquals(openaiChat.readAnswer({ usage, choices }).usage, read);
  });
}

for (
  const [url, called] of [
    ["http://localhost:8000/v1", "http://localhost:8000/v1/chat/completions"],
    ["http://localhost:8000/v1/", "http://localhost:8000/v1/chat/completions"],
    ["http://localhost:1234", "http://localhost:1234/v1/chat/completions"],
    [
      "https://ark.cn-beijing.volces.com/api/v3",
      "https://ark.cn-beijing.volces.com/api/v3/chat/completions",
    ],
    [
      "https://generativelanguage.googleapis.com/v1beta/openai/",
      "https://generativelanguage.googleapis.com/v1beta/openai/chat/completions",
    ],
    ["https://mine.example.com/ask", "https://mine.example.com/ask"],
  ]
) {
  Deno.test(`openaiChat.toUrl() calls ${called} for ${url}`, () => {
    assertEquals(openaiChat.toUrl(new URL(url)), called);
  });
}
