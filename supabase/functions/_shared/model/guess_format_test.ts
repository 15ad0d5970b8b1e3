import { equal } from "node:assert/strict";
import { guessFormatFromUrl } from "./guess_format.ts";

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
    ["https://llm.example.com/api/chat", "ollama"],
    ["https://llm.example.com/ask", undefined],
    ["https://notanthropic.com/", undefined],
    ["https://mail.example.com/messages", undefined],
  ] as const
) {
  Deno.test(`guessFormatFromUrl() takes ${url} for ${format}`, () => {
    equal(guessFormatFromUrl(new URL(url)), format);
  });
}
