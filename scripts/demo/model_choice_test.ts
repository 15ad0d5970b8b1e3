import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { readModelChoice, toEndpoint } from "./model_choice.ts";

Deno.test("readModelChoice() chooses the simulator when no variable is set", () => {
  assertEquals(readModelChoice({ MODEL: "" }), { kind: "simulated" });
});

Deno.test("readModelChoice() reads a real model, with or without a key", () => {
  const env = { MODEL_ENDPOINT: "http://127.0.0.1:11434", MODEL: "llama" };
  assertEquals(readModelChoice(env), {
    kind: "real",
    url: "http://127.0.0.1:11434",
    model: "llama",
    otherModel: undefined,
    apiKey: undefined,
  });
  const choice = readModelChoice({
    ...env,
    MODEL_API_KEY: "k",
    OTHER_MODEL: "small-llama",
  });
  assertEquals(choice, {
    kind: "real",
    url: "http://127.0.0.1:11434",
    model: "llama",
    otherModel: "small-llama",
    apiKey: "k",
  });
});

Deno.test("readModelChoice() names the variable that is missing or wrong", () => {
  assertThrows(
    () => readModelChoice({ MODEL: "m" }),
    Error,
    "without MODEL_ENDPOINT",
  );
  assertThrows(
    () => readModelChoice({ MODEL_API_KEY: "k" }),
    Error,
    "MODEL_ENDPOINT",
  );
  assertThrows(
    () => readModelChoice({ MODEL_ENDPOINT: "https://a.test" }),
    Error,
    "without MODEL:",
  );
  assertMatch(
    assertThrows(
      () => readModelChoice({ MODEL_ENDPOINT: "api.a.test/v1", MODEL: "m" }),
      Error,
    ).message,
    /MODEL_ENDPOINT api.a.test\/v1/,
  );
});

Deno.test("toEndpoint() puts the key where the vendor wants it", () => {
  const headersFor = (url: string, apiKey?: string) =>
    toEndpoint({ kind: "real", url, model: "m", apiKey }).headers;
  assertEquals(headersFor("https://api.openai.com/v1", "k"), {
    Authorization: "Bearer {{secret:MODEL_API_KEY}}",
  });
  assertEquals(headersFor("https://api.anthropic.com", "k"), {
    "x-api-key": "{{secret:MODEL_API_KEY}}",
  });
  assertEquals(headersFor("https://generativelanguage.googleapis.com", "k"), {
    "x-goog-api-key": "{{secret:MODEL_API_KEY}}",
  });
  assertEquals(headersFor("http://127.0.0.1:11434"), {});
});
