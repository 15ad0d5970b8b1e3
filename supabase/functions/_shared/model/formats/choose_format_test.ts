import { assertEquals, assertStrictEquals } from "@std/assert";
import type { Endpoint } from "../endpoint.ts";
import { chooseFormat, guessFormat } from "./choose_format.ts";

function choose(endpoint: Partial<Endpoint>): string {
  const url = endpoint.url ?? "https://mine.example.com/ask";
  return chooseFormat(
    { name: "mine", headers: {}, timeoutSeconds: 1, ...endpoint, url },
    new URL(url),
  ).name;
}

Deno.test("chooseFormat() takes the declared format before the URL's", () => {
  const url = "https://api.openai.com/v1/chat/completions";
  assertEquals(choose({ url, format: "gemini" }), "gemini");
  assertEquals(choose({ url, format: "custom" }), "custom");
  assertEquals(choose({ url }), "openai-chat");
});

Deno.test("chooseFormat() is custom for an unknown URL, a template or a path", () => {
  const url = "https://api.openai.com/v1/chat/completions";
  assertEquals(choose({}), "custom");
  assertEquals(choose({ url, requestTemplate: {} }), "custom");
  assertEquals(choose({ url, responsePath: { text: "a" } }), "custom");
});

for (
  const [url, format] of [
    ["https://api.openai.com/v1/chat/completions", "openai-chat"],
    ["https://api.openai.com/v1", "openai-chat"],
    ["https://api.openai.com/v1/responses", "openai-responses"],
    [
      "https://x.openai.azure.com/openai/deployments/d/chat/completions?api-version=1",
      "openai-chat",
    ],
    ["https://openrouter.ai/api/v1", "openai-chat"],
    ["https://llm.example.com/v1/chat/completions/", "openai-chat"],
    ["https://api.anthropic.com", "anthropic-messages"],
    ["https://gateway.example.com/anthropic/v1/messages", "anthropic-messages"],
    ["https://generativelanguage.googleapis.com", "gemini"],
    [
      "https://x-aiplatform.googleapis.com/v1/models/m:streamGenerateContent",
      "gemini",
    ],
    ["http://127.0.0.1:11434", "ollama"],
    ["http://127.0.0.1:11434/v1/chat/completions", "openai-chat"],
    ["http://127.0.0.1:11434/v1", "openai-chat"],
    ["http://localhost:8000/v1/", "openai-chat"],
    ["http://localhost:4000/openai/v1", "openai-chat"],
    ["https://ark.cn-beijing.volces.com/api/v3", "openai-chat"],
    ["https://api.anthropic.com/v1", "anthropic-messages"],
    ["https://llm.example.com/v1/ask", undefined],
    ["https://llm.example.com/api/chat", "ollama"],
    ["https://llm.example.com/ask", undefined],
    ["https://notanthropic.com/", undefined],
    ["https://mail.example.com/messages", undefined],
  ] as const
) {
  Deno.test(`guessFormat() takes ${url} for ${format}`, () => {
    assertStrictEquals(guessFormat(new URL(url))?.name, format);
  });
}
