import type { Endpoint } from "../endpoint.ts";
import { asObject, asString } from "../json_value.ts";
import { compileJsonPath } from "../json_path.ts";
import type { Answer, ModelFormat, ProviderError } from "../model_format.ts";
import { readProviderError } from "../provider_error.ts";
import { compileTemplate } from "../request_template.ts";
import { toUsage } from "../token_usage.ts";
import { openaiChat } from "./openai_chat.ts";
import {
  assembleAny,
  collectEvents,
  StreamedEvents,
} from "./streamed_events.ts";

/**
 * An API of the user's own: the endpoint's template is the request, its paths
 * lead to the answer.
 *
 * Without a template the request is OpenAI's chat body plus `prompt`, which
 * most hand-made servers understand by one or the other field. Without a path
 * to the text the answer is recognised by the shape of one of `known`, or by a
 * field with a usual name.
 */
export function createCustomFormat(
  endpoint: Pick<Endpoint, "requestTemplate" | "responsePath">,
  known: readonly ModelFormat[],
): ModelFormat {
  const template = endpoint.requestTemplate ?? undefined;
  const fill = template === undefined ? undefined : compileTemplate(template);
  const paths = endpoint.responsePath ?? {};
  const [
    textAt,
    inputTokensAt,
    cachedInputTokensAt,
    outputTokensAt,
    reasoningTokensAt,
    errorAt,
  ] = [
    paths.text,
    paths.inputTokens,
    paths.cachedInputTokens,
    paths.outputTokens,
    paths.reasoningTokens,
    paths.error,
  ].map((path) => path === undefined ? undefined : compileJsonPath(path));

  const readError = (body: unknown) =>
    errorAt ? toProviderError(errorAt(body)) : undefined;

  /** A stream's text is spread over its events, the rest is said once. */
  function readStreamed({ events }: StreamedEvents): Answer {
    const answers = events.map(readAnswer);
    const failed = answers.find((answer) => answer.kind === "error");
    if (failed) return failed;
    return {
      kind: "text",
      text: answers.map((answer) => answer.kind === "text" ? answer.text : "")
        .join(""),
      finishReason: "other",
      model: answers.findLast((answer) => answer.model)?.model,
      usage: {
        ...answers.findLast(({ usage }) => usage.inputTokens)?.usage,
        ...answers.findLast(({ usage }) => usage.outputTokens)?.usage,
        inputTokens: answers.findLast(({ usage }) => usage.inputTokens)?.usage
          .inputTokens,
      },
    };
  }

  function readAnswer(body: unknown): Answer {
    if (body instanceof StreamedEvents) return readStreamed(body);
    const usage = toUsage({
      inputTokens: inputTokensAt?.(body),
      cachedInputTokens: cachedInputTokensAt?.(body),
      outputTokens: outputTokensAt?.(body),
      reasoningTokens: reasoningTokensAt?.(body),
    });
    const error = errorAt ? readError(body) : readProviderError(body);
    if (error) return { kind: "error", error, usage };
    if (!textAt) {
      const format = known.find((format) => format.recognises(body));
      if (format) return withUsage(format.readAnswer(body), usage);
    }
    const text = toText(textAt ? textAt(body) : findText(body));
    const model = asString(asObject(body).model);
    return text === undefined
      ? { kind: "unrecognised", usage, model }
      : { kind: "text", text, finishReason: "other", usage, model };
  }

  return {
    name: "custom",
    headers: {},
    toUrl: (url) => url.href,
    toBody: (parts, url) =>
      fill
        ? fill(parts)
        : { ...openaiChat.toBody(parts, url) as object, prompt: parts.prompt },
    recognises: (body) => findText(body) !== undefined,
    readAnswer,
    readError,
    readsPlainText: textAt === undefined,
    assembleStream: () => textAt ? collectEvents() : assembleAny(known),
  };
}

function withUsage(answer: Answer, declared: Answer["usage"]): Answer {
  const { inputTokens, outputTokens } = answer.usage;
  return {
    ...answer,
    usage: toUsage({
      ...answer.usage,
      ...declared,
      inputTokens: declared.inputTokens ?? inputTokens,
      outputTokens: declared.outputTokens ?? outputTokens,
    }),
  };
}

function toProviderError(found: unknown): ProviderError | undefined {
  const says = found !== undefined && found !== null && found !== false &&
    found !== "";
  return says ? readProviderError({ error: found }) : undefined;
}

/** A list is what `[*]` finds: the parts of one text. */
function toText(found: unknown): string | undefined {
  if (found === undefined || found === null) return undefined;
  if (typeof found === "string") return found;
  if (Array.isArray(found) && found.every((part) => typeof part === "string")) {
    return found.join("");
  }
  return JSON.stringify(found);
}

const USUAL_NAMES = [
  "text",
  "response",
  "output",
  "answer",
  "completion",
  "generated_text",
  "content",
  "result",
  "message",
];

/** A string under a usual name, at the top or in the only element of a list. */
function findText(body: unknown): string | undefined {
  if (typeof body === "string") return body;
  const root = asObject(Array.isArray(body) ? body[0] : body);
  const name = USUAL_NAMES.find((name) => typeof root[name] === "string");
  return name === undefined ? undefined : root[name] as string;
}
