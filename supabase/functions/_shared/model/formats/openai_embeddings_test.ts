import { assertEquals } from "@std/assert";
import { packVector } from "../embedding_vector.ts";
import { toRequestParts } from "../model_request.ts";
import { openaiEmbeddings } from "./openai_embeddings.ts";

const parts = (parameters: Record<string, unknown>) =>
  toRequestParts({
    prompt: "two",
    messages: [{ role: "user", content: "one" }],
    parameters,
  }, "text-embedding-3-small");

Deno.test("openaiEmbeddings.toBody() sends the turns as texts, and asks for base64 unless told otherwise", () => {
  assertEquals(openaiEmbeddings.toBody(parts({ dimensions: 256 })), {
    encoding_format: "base64",
    dimensions: 256,
    model: "text-embedding-3-small",
    input: ["one", "two"],
  });
  const { encoding_format } = openaiEmbeddings.toBody(
    parts({ encoding_format: "float" }),
  ) as { encoding_format: string };
  assertEquals(encoding_format, "float");
});

Deno.test("openaiEmbeddings.readAnswer() gives the vectors in the order of the texts", () => {
  assertEquals(
    openaiEmbeddings.readAnswer({
      model: "text-embedding-3-small",
      data: [
        { index: 1, embedding: [0, 1] },
        { index: 0, embedding: [1, 0] },
      ],
      usage: { prompt_tokens: 8, total_tokens: 8 },
    }),
    {
      model: "text-embedding-3-small",
      usage: { inputTokens: 8, outputTokens: 0 },
      kind: "text",
      text: JSON.stringify([packVector([1, 0]), packVector([0, 1])]),
      finishReason: "stop",
    },
  );
});

Deno.test("openaiEmbeddings.readAnswer() knows an error, and what is no answer", () => {
  assertEquals(
    openaiEmbeddings.readAnswer({ error: { message: "no" } }).kind,
    "error",
  );
  for (const body of [{}, { data: [] }, { data: [{ embedding: null }] }]) {
    assertEquals(openaiEmbeddings.readAnswer(body).kind, "unrecognised");
  }
});
