import type { SimulatedApi } from "./answers.ts";

/** The parts of a stream, ready to send one after the other. */
export interface SimulatedStream {
  contentType: string;
  events: string[];
}

type Json = Record<string, unknown>;

/**
 * The stream with which an API gives the answer that `body` gives at once: text
 * in two pieces, then the reason for stopping, then usage.
 */
// deno-lint-ignore no-explicit-any -- bodies of six APIs, made in answers.ts
export function toStream(api: SimulatedApi, body: any): SimulatedStream {
  if (api === "ollama") {
    const { message, ...rest } = body;
    const [head, tail] = halves(message.content);
    return {
      contentType: "application/x-ndjson",
      events: [
        {
          model: body.model,
          message: { ...message, content: head },
          done: false,
        },
        { ...rest, message: { role: "assistant", content: tail } },
      ].map((event) => `${JSON.stringify(event)}\n`),
    };
  }
  return { contentType: "text/event-stream", events: EVENTS[api](body) };
}

/** An event that reports a failure in the middle of a stream. */
export function toErrorEvent(api: SimulatedApi): string {
  if (api === "ollama") return '{"error":"the model crashed"}\n';
  const error = { type: "overloaded_error", message: "Overloaded" };
  return api === "gemini"
    ? data({
      error: { code: 503, status: "UNAVAILABLE", message: "Overloaded" },
    })
    : named("error", { error });
}

const EVENTS: Record<
  Exclude<SimulatedApi, "ollama">,
  // deno-lint-ignore no-explicit-any -- as above
  (body: any) => string[]
> = {
  "openai-chat": streamChat,
  custom: (body) => {
    const [head, tail] = halves(body.result.text);
    return [
      data({ result: { text: head } }),
      data({ ...body, result: { text: tail } }),
    ];
  },

  "openai-responses": (body) => {
    const last = body.status === "completed"
      ? "response.completed"
      : "response.incomplete";
    return [
      named("response.created", {
        response: { ...body, output: [], status: "in_progress" },
      }),
      named("response.output_text.delta", {
        delta: "ignored: the last event holds everything",
      }),
      named(last, { response: body }),
    ];
  },

  "anthropic-messages": (body) => [
    named("message_start", {
      message: {
        ...body,
        content: [],
        stop_reason: null,
        usage: { ...body.usage, output_tokens: 1 },
      },
    }),
    named("ping"),
    ...body.content.flatMap(streamBlock),
    named("message_delta", {
      delta: {
        stop_reason: body.stop_reason,
        stop_sequence: null,
        stop_details: body.stop_details,
      },
      usage: { output_tokens: body.usage.output_tokens },
    }),
    named("message_stop"),
  ],

  gemini: (body) => {
    const candidate = body.candidates?.[0];
    const text = candidate?.content?.parts?.[0]?.text;
    if (!text) return [data(body)];
    const [head, tail] = halves(text);
    const piece = (text: string) => ({ content: { parts: [{ text }] } });
    return [
      data({ candidates: [piece(head)], modelVersion: body.modelVersion }),
      data({ ...body, candidates: [{ ...candidate, ...piece(tail) }] }),
    ];
  },
};

// deno-lint-ignore no-explicit-any -- as above
function streamChat(body: any): string[] {
  const { message, finish_reason } = body.choices[0];
  const [head, tail] = halves(message.content ?? "");
  const chunk = (delta: Json, finish: string | null = null) =>
    data({
      model: body.model,
      object: "chat.completion.chunk",
      choices: [{ index: 0, delta, finish_reason: finish }],
    });
  const calls = (message.tool_calls ?? []).map((call: Json, index: number) => (
    { index, ...call }
  ));
  return [
    ": a comment, as gateways send to keep the connection\n\n",
    chunk({ role: "assistant", content: head }),
    chunk({
      content: tail,
      ...(message.refusal && { refusal: message.refusal }),
      ...(calls.length > 0 && { tool_calls: calls }),
    }),
    chunk({}, finish_reason),
    data({ model: body.model, choices: [], usage: body.usage }),
    "data: [DONE]\n\n",
  ];
}

// deno-lint-ignore no-explicit-any -- as above
function streamBlock(block: any, index: number): string[] {
  const isText = block.type === "text";
  const deltas = isText
    ? halves(block.text).map((text) => ({ type: "text_delta", text }))
    : halves(JSON.stringify(block.input)).map((partial_json) => ({
      type: "input_json_delta",
      partial_json,
    }));
  return [
    named("content_block_start", {
      index,
      content_block: isText ? { ...block, text: "" } : { ...block, input: {} },
    }),
    ...deltas.map((delta) =>
      named("content_block_delta", {
        index,
        delta,
      })
    ),
    named("content_block_stop", { index }),
  ];
}

function halves(text: string): [string, string] {
  const middle = Math.ceil(text.length / 2);
  return [text.slice(0, middle), text.slice(middle)];
}

function data(event: Json): string {
  return `data: ${JSON.stringify(event)}\n\n`;
}

function named(type: string, event: Json = {}): string {
  return `event: ${type}\n${data({ type, ...event })}`;
}
