import { deepEqual, throws } from "node:assert/strict";
import { readModelChoice, toEndpoint } from "./model_choice.ts";

Deno.test("readModelChoice() chooses the simulator when no variable is set", () => {
  deepEqual(readModelChoice({ MODEL: "" }), { kind: "simulated" });
});

Deno.test("readModelChoice() reads a real model, with or without a key", () => {
  const env = { MODEL_ENDPOINT: "http://127.0.0.1:11434", MODEL: "llama" };
  deepEqual(readModelChoice(env), {
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
  deepEqual(choice, {
    kind: "real",
    url: "http://127.0.0.1:11434",
    model: "llama",
    otherModel: "small-llama",
    apiKey: "k",
  });
});

Deno.test("readModelChoice() names the variable that is missing or wrong", () => {
  throws(() => readModelChoice({ MODEL: "m" }), /without MODEL_ENDPOINT/);
  throws(() => readModelChoice({ MODEL_API_KEY: "k" }), /MODEL_ENDPOINT/);
  throws(
    () => readModelChoice({ MODEL_ENDPOINT: "https://a.test" }),
    /without MODEL:/,
  );
  throws(
    () => readModelChoice({ MODEL_ENDPOINT: "api.a.test/v1", MODEL: "m" }),
    /MODEL_ENDPOINT api.a.test\/v1/,
  );
});

Deno.test("toEndpoint() puts the key where the vendor wants it", () => {
  const headersFor = (url: string, apiKey?: string) =>
    toEndpoint({ kind: "real", url, model: "m", apiKey }).headers;
  deepEqual(headersFor("https://api.openai.com/v1", "k"), {
    Authorization: "Bearer {{secret:MODEL_API_KEY}}",
  });
  deepEqual(headersFor("https://api.anthropic.com", "k"), {
    "x-api-key": "{{secret:MODEL_API_KEY}}",
  });
  deepEqual(headersFor("https://generativelanguage.googleapis.com", "k"), {
    "x-goog-api-key": "{{secret:MODEL_API_KEY}}",
  });
  deepEqual(headersFor("http://127.0.0.1:11434"), {});
});
