import type { Endpoint } from "../endpoint.ts";
import type { ModelFormat } from "../model_format.ts";
import { UnsendableRequest } from "../unsendable_request.ts";
import { chooseFormat } from "./choose_format.ts";
import { geminiEmbeddings } from "./gemini_embeddings.ts";
import { openaiEmbeddings } from "./openai_embeddings.ts";

/** The API of embeddings on the server that speaks this one. */
const BESIDE: Record<string, ModelFormat> = {
  "openai-chat": openaiEmbeddings,
  "openai-responses": openaiEmbeddings,
  "openai-decisions": openaiEmbeddings,
  // https://docs.ollama.com/api/openai-compatibility
  "ollama": openaiEmbeddings,
  "gemini": geminiEmbeddings,
};

/**
 * How an endpoint is asked for embeddings: by the path of its URL, or else by the API beside the one
 * that it is asked for answers with.
 *
 * @throws {UnsendableRequest} when nobody knows such an API
 */
export function chooseEmbeddings(endpoint: Endpoint, url: URL): ModelFormat {
  const byPath = [openaiEmbeddings, geminiEmbeddings]
    .find(({ path }) => path.test(url.pathname));
  if (byPath) return byPath;
  const { name } = chooseFormat(endpoint, url);
  if (Object.hasOwn(BESIDE, name)) return BESIDE[name];
  throw new UnsendableRequest(
    "no_embeddings",
    `Cannot get embeddings in the format ${name}: name an endpoint that speaks OpenAI's API, with a URL ` +
      "such as https://host/v1/embeddings, or Gemini's",
  );
}
