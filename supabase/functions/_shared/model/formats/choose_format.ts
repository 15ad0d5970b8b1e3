import type { Endpoint } from "../endpoint.ts";
import type { ModelFormat } from "../model_format.ts";
import { createCustomFormat } from "./custom.ts";
import { KNOWN_FORMATS } from "./known_formats.ts";
import { ollama } from "./ollama.ts";
import { isOpenaiBase, openaiChat } from "./openai_chat.ts";

/**
 * The format that a URL gives away, by the path of the API's method or else by
 * the vendor's host or else by being a base as OpenAI's SDKs take one; undefined
 * when it gives nothing away.
 */
export function guessFormat(url: URL): ModelFormat | undefined {
  const byPath = KNOWN_FORMATS.find(({ path }) => path?.test(url.pathname));
  if (byPath) return byPath;
  const byHost = KNOWN_FORMATS.find(({ host }) => host?.test(url.host));
  // Ollama speaks OpenAI's API too: https://docs.ollama.com/api/openai-compatibility
  const speaksOpenai = byHost === undefined || byHost === ollama;
  return speaksOpenai && isOpenaiBase(url) ? openaiChat : byHost;
}

/**
 * The format an endpoint declares, or the one its URL gives away, or else
 * `custom`, which recognises the answer by its shape. A template or a response
 * path means `custom` too.
 */
export function chooseFormat(endpoint: Endpoint, url: URL): ModelFormat {
  const isCustom = endpoint.requestTemplate != null || endpoint.responsePath;
  const format = endpoint.format
    ? KNOWN_FORMATS.find(({ name }) => name === endpoint.format)
    : isCustom
    ? undefined
    : guessFormat(url);
  return format ?? createCustomFormat(endpoint, KNOWN_FORMATS);
}
