import { assertEquals } from "@std/assert";
import { packVector } from "../embedding_vector.ts";
import { toRequestParts } from "../model_request.ts";
import { geminiEmbeddings } from "./gemini_embeddings.ts";

const url = new URL("https://generativelanguage.googleapis.com/v1beta");

// One content a text: gemini-embedding-2 makes one vector of several (googleapis/python-genai#2523).
Deno.test("geminiEmbeddings.toBody() asks for each text by itself", () => {
  const parts = toRequestParts({
    prompt: "two",
    messages: [{ role: "user", content: "one" }],
    parameters: { outputDimensionality: 768 },
  }, "gemini-embedding-2");
  const asked = (text: string) => ({
    outputDimensionality: 768,
    model: "models/gemini-embedding-2",
    content: { parts: [{ text }] },
  });
  assertEquals(geminiEmbeddings.toBody(parts, url), {
    requests: [asked("one"), asked("two")],
  });
});

Deno.test("geminiEmbeddings.readAnswer() gives the vectors, with tokens where they are told", () => {
  const embeddings = [{ values: [1, 0] }, { values: [0, 1] }];
  const answer = {
    kind: "text" as const,
    text: JSON.stringify([packVector([1, 0]), packVector([0, 1])]),
    finishReason: "stop" as const,
  };
  assertEquals(
    geminiEmbeddings.readAnswer({
      embeddings,
      usageMetadata: { promptTokenCount: 5 },
    }),
    { ...answer, usage: { inputTokens: 5, outputTokens: 0 } },
  );
  assertEquals(geminiEmbeddings.readAnswer({ embeddings }), {
    ...answer,
    usage: { inputTokens: undefined, outputTokens: undefined },
  });
  assertEquals(geminiEmbeddings.readAnswer({}).kind, "unrecognised");
});
