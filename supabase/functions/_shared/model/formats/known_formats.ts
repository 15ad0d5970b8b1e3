import type { Endpoint } from "../endpoint.ts";
import { guessFormatFromUrl } from "../guess_format.ts";
import type { ModelFormat } from "../model_format.ts";
import { anthropicMessages } from "./anthropic_messages.ts";
import { createCustomFormat } from "./custom.ts";
import { gemini } from "./gemini.ts";
import { ollama } from "./ollama.ts";
import { openaiChat } from "./openai_chat.ts";
import { openaiResponses } from "./openai_responses.ts";

/** Every published API; a new one is added here and to `MODEL_FORMAT_NAMES`. */
export const KNOWN_FORMATS: readonly ModelFormat[] = [
  openaiChat,
  openaiResponses,
  anthropicMessages,
  gemini,
  ollama,
];

/**
 * The format an endpoint declares, or the one its URL gives away, or else
 * `custom`, which recognises the answer by its shape. A template or a response
 * path means `custom` too.
 */
export function chooseFormat(endpoint: Endpoint, url: URL): ModelFormat {
  const isCustom = endpoint.requestTemplate != null || endpoint.responsePath;
  const name = endpoint.format ??
    (isCustom ? "custom" : guessFormatFromUrl(url));
  return KNOWN_FORMATS.find((format) => format.name === name) ??
    createCustomFormat(endpoint, KNOWN_FORMATS);
}
