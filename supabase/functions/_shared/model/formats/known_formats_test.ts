import { deepEqual, equal } from "node:assert/strict";
import type { Endpoint } from "../endpoint.ts";
import { MODEL_FORMAT_NAMES } from "../model_format.ts";
import { chooseFormat, KNOWN_FORMATS } from "./known_formats.ts";

function choose(endpoint: Partial<Endpoint>): string {
  const url = endpoint.url ?? "https://mine.example.com/ask";
  return chooseFormat(
    { name: "mine", headers: {}, timeoutSeconds: 1, ...endpoint, url },
    new URL(url),
  ).name;
}

Deno.test("KNOWN_FORMATS are all the names but custom", () => {
  deepEqual(
    [...KNOWN_FORMATS.map((format) => format.name), "custom"],
    [...MODEL_FORMAT_NAMES],
  );
});

Deno.test("chooseFormat() takes the declared format before the URL's", () => {
  const url = "https://api.openai.com/v1/chat/completions";
  equal(choose({ url, format: "gemini" }), "gemini");
  equal(choose({ url, format: "custom" }), "custom");
  equal(choose({ url }), "openai-chat");
});

Deno.test("chooseFormat() is custom for an unknown URL, a template or a path", () => {
  const url = "https://api.openai.com/v1/chat/completions";
  equal(choose({}), "custom");
  equal(choose({ url, requestTemplate: {} }), "custom");
  equal(choose({ url, responsePath: { text: "a" } }), "custom");
});
