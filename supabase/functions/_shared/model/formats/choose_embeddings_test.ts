import { assertEquals, assertThrows } from "@std/assert";
import type { Endpoint } from "../endpoint.ts";
import { toRequestParts } from "../model_request.ts";
import { UnsendableRequest } from "../unsendable_request.ts";
import { chooseEmbeddings } from "./choose_embeddings.ts";

function urlFor(url: string, endpoint: Partial<Endpoint> = {}): string {
  const given = { name: "e", headers: {}, timeoutSeconds: 1, url, ...endpoint };
  const parts = toRequestParts({ prompt: "Hi", parameters: {} }, "m-1");
  const parsed = new URL(url);
  return chooseEmbeddings(given, parsed).toUrl(parsed, parts);
}

Deno.test("chooseEmbeddings() finds the embeddings beside the API that an endpoint is asked by", () => {
  for (
    const [url, expected] of [
      ["https://api.openai.com", "https://api.openai.com/v1/embeddings"],
      ["https://api.openai.com/v1", "https://api.openai.com/v1/embeddings"],
      [
        "https://api.openai.com/v1/chat/completions",
        "https://api.openai.com/v1/embeddings",
      ],
      [
        "https://api.openai.com/v1/responses/",
        "https://api.openai.com/v1/embeddings",
      ],
      ["http://vllm:8000/v1", "http://vllm:8000/v1/embeddings"],
      ["http://ollama:11434/api/chat", "http://ollama:11434/v1/embeddings"],
      ["http://ollama:11434/v1", "http://ollama:11434/v1/embeddings"],
      [
        "https://x.openai.azure.com/openai/deployments/emb/embeddings?api-version=2024-10-21",
        "https://x.openai.azure.com/openai/deployments/emb/embeddings?api-version=2024-10-21",
      ],
      [
        "https://generativelanguage.googleapis.com",
        "https://generativelanguage.googleapis.com/v1beta/models/m-1:batchEmbedContents",
      ],
      [
        "https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-flash:generateContent",
        "https://generativelanguage.googleapis.com/v1beta/models/m-1:batchEmbedContents",
      ],
      [
        "https://generativelanguage.googleapis.com/v1/models/gemini-embedding-001:embedContent",
        "https://generativelanguage.googleapis.com/v1/models/m-1:batchEmbedContents",
      ],
    ]
  ) {
    assertEquals(urlFor(url), expected, url);
  }
});

Deno.test("chooseEmbeddings() goes by the declared format where the URL says nothing", () => {
  assertEquals(
    urlFor("https://gateway.test/llm", { format: "openai-chat" }),
    "https://gateway.test/llm/embeddings",
  );
});

Deno.test("chooseEmbeddings() says which endpoints have none", () => {
  for (
    const endpoint of [
      { url: "https://api.anthropic.com", format: "anthropic-messages" },
      { url: "https://x.test/answer", format: "custom" },
    ] as const
  ) {
    assertThrows(
      () => urlFor(endpoint.url, endpoint),
      UnsendableRequest,
      "name an endpoint that speaks OpenAI's API",
    );
  }
});
