import type { ModelFormatName } from "./model_format.ts";

/**
 * The format that a URL gives away, by the path of the API's method or else by
 * the vendor's host; undefined when it gives nothing away.
 */
export function guessFormatFromUrl(url: URL): ModelFormatName | undefined {
  return BY_PATH.find(([path]) => path.test(url.pathname))?.[1] ??
    BY_HOST.find(([host]) => host.test(url.host))?.[1];
}

const BY_PATH: [path: RegExp, format: ModelFormatName][] = [
  [/\/chat\/completions\/?$/, "openai-chat"],
  [/\/responses\/?$/, "openai-responses"],
  [/\/v1\/messages\/?$/, "anthropic-messages"],
  [/:(generateContent|streamGenerateContent)$/, "gemini"],
  [/\/api\/chat\/?$/, "ollama"],
];

const BY_HOST: [host: RegExp, format: ModelFormatName][] = [
  [/(^|\.)anthropic\.com$/, "anthropic-messages"],
  [/^generativelanguage\.googleapis\.com$/, "gemini"],
  // Ollama's port. Its OpenAI-compatible paths were recognised above.
  [/:11434$/, "ollama"],
  [/(^|\.)openai\.com$/, "openai-chat"],
  [
    /(^|\.)(openrouter\.ai|groq\.com|mistral\.ai|deepseek\.com|together\.xyz|fireworks\.ai|x\.ai|perplexity\.ai|cerebras\.ai)$/,
    "openai-chat",
  ],
];
