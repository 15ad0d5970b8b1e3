import type { ModelFormat } from "../model_format.ts";
import { anthropicMessages } from "./anthropic_messages.ts";
import { gemini } from "./gemini.ts";
import { ollama } from "./ollama.ts";
import { openaiChat } from "./openai_chat.ts";
import { openaiDecisions } from "./openai_decisions.ts";
import { openaiResponses } from "./openai_responses.ts";

const formats = [
  openaiChat,
  openaiResponses,
  openaiDecisions,
  anthropicMessages,
  gemini,
  ollama,
] as const;

export type ModelFormatName = typeof formats[number]["name"] | "custom";

/** Every published API; a new one is added here and to the constraint of model_endpoints. */
export const KNOWN_FORMATS: readonly ModelFormat[] = formats;

export const MODEL_FORMAT_NAMES: readonly ModelFormatName[] = [
  ...formats.map(({ name }) => name),
  "custom",
];
