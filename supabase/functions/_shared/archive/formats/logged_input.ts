import type { Turn } from "../conversation.ts";
import { isObject, type Json, type JsonObject, objectsOf } from "../json.ts";
import { watchLeftOut } from "../left_out.ts";
import { humanAssistantTurns } from "./human_assistant_text.ts";
import { listTurns, messageTurn } from "./list_turns.ts";
import { roleOf } from "./role_of.ts";
import { textOf } from "./text_of.ts";
import {
  type MessageFacts,
  textTurn,
  turnsOf,
  withSystem,
} from "./text_turn.ts";
import { parseJson } from "../records/parse_json.ts";

const LIST_KEYS = ["messages", "contents", "chat_history", "history"];
const INNER_KEYS = [
  "new_message",
  "request",
  "kwargs",
  "args",
  "input",
  "inputs",
  "__root__",
];
const TEXT_KEYS = [
  "question",
  "query",
  "prompt",
  "user_input",
  "contents",
  "inputText",
  "message",
  "text",
  "content",
];
// An input may wrap an input; what is deeper than this is not a request to a model.
const MOST_WRAPPERS = 8;

/**
 * The turns in a logged request, whatever a tracing tool made of it: text, JSON text (encoded once or
 * twice), a list of messages (also of lists), or an object around any of these.
 */
export function loggedTurns(input: Json | undefined): Turn[] {
  // Several readings are tried, and what one leaves out another may take.
  return watchLeftOut(undefined, undefined, () => inputTurns(input, 0));
}

function inputTurns(input: Json | undefined, depth: number): Turn[] {
  if (input === null || input === undefined || depth > MOST_WRAPPERS) return [];
  if (typeof input === "string") return textTurns(input, depth);
  if (Array.isArray(input)) return listOrNested(input, depth);
  return isObject(input) ? objectTurns(input, depth) : [];
}

/** The answer in a logged response: its text, or the last assistant turn in it. */
export function loggedAnswer(output: Json | undefined): string | undefined {
  return watchLeftOut(undefined, undefined, () => outputText(output));
}

function outputText(output: Json | undefined): string | undefined {
  const value = typeof output === "string" ? decoded(output) : output;
  if (typeof value === "string") return value === "" ? undefined : value;
  if (isObject(value)) {
    const [choice] = objectsOf(value.choices);
    const message = choice === undefined ? value.message : choice.message;
    if (isObject(message)) return answerText([message]);
    if (typeof choice?.text === "string") return choice.text || undefined;
    // Llama, Mistral and Titan on Bedrock, and Nova.
    if (typeof value.generation === "string") return value.generation;
    const [result] = objectsOf(value.results ?? value.outputs);
    const said = result?.outputText ?? result?.text;
    if (typeof said === "string") return said;
    if (isObject(value.output) && isObject(value.output.message)) {
      return answerText([value.output.message]);
    }
    const [candidate] = objectsOf(value.candidates);
    if (candidate !== undefined) return textOf(candidate.content) || undefined;
    const generation = firstGeneration(value.generations);
    if (generation !== undefined) return generation;
    if (typeof value.output === "string") return value.output;
    if (roleOf(value.role) === "assistant") return answerText([value]);
    const text = textOf(value.content ?? value.text ?? value.completion);
    if (text !== "") return text;
    return answerText(value.messages ?? value.output ?? null);
  }
  return answerText(value ?? null);
}

/** The turns of a logged request with its answer; `time` is that of the call, `model` what answered. */
export function loggedCall(
  turns: Turn[],
  answer: string | undefined,
  { time, model }: MessageFacts,
): Turn[] {
  const timed = turns.map((turn) =>
    turn.role === "user" ? { ...turn, time: turn.time ?? time } : turn
  );
  return turns.at(-1)?.role === "user"
    ? turnsOf([...timed, textTurn("assistant", answer, { model })])
    : timed;
}

/** LangChain's `generations: [[{text, message}]]`. */
function firstGeneration(generations: Json | undefined): string | undefined {
  const [first] = Array.isArray(generations) ? generations : [];
  const one = Array.isArray(first) ? first[0] : first;
  return isObject(one) && typeof one.text === "string" && one.text !== ""
    ? one.text
    : undefined;
}

function answerText(messages: Json): string | undefined {
  return listTurns(messages).filter(({ role }) => role === "assistant")
    .at(-1)?.text;
}

function textTurns(text: string, depth: number): Turn[] {
  const value = decoded(text);
  if (typeof value !== "string") return inputTurns(value, depth + 1);
  if (value.trim() === "") return [];
  return humanAssistantTurns(value) ?? [{ role: "user", text: value }];
}

/** JSON in a string, opened as long as it is an object, a list or again a string. */
function decoded(text: string): Json {
  let value: Json = text;
  for (let level = 0; level < 3 && typeof value === "string"; level++) {
    if (!/^\s*["[{]/.test(value)) return value;
    try {
      value = parseJson(value);
    } catch {
      // Text that only begins like JSON is the prompt itself.
      return value;
    }
  }
  return value;
}

function listOrNested(list: Json[], depth: number): Turn[] {
  // One bare object of a list may be the junk that failed instrumentation leaves.
  const turns = listTurns(list.map(withRole));
  if (turns.length > 0) return turns;
  // The arguments of a call: the first one is what was asked.
  if (typeof list[0] === "string") return textTurns(list[0], depth + 1);
  for (const entry of list) {
    const nested = Array.isArray(entry) || isObject(entry)
      ? inputTurns(entry, depth + 1)
      : [];
    if (nested.length > 0) return nested;
  }
  return [];
}

/** OpenTelemetry events name the author in `event.name` when they have no role. */
function withRole(message: Json): Json {
  if (!isObject(message) || message.role !== undefined) return message;
  const event = message["event.name"];
  const role = typeof event === "string"
    ? /^gen_ai\.(\w+)\.message$/.exec(event)?.[1]
    : undefined;
  return role === undefined ? message : { ...message, role };
}

function objectTurns(input: JsonObject, depth: number): Turn[] {
  for (const key of LIST_KEYS) {
    if (Array.isArray(input[key])) {
      const turns = inputTurns(input[key], depth + 1);
      if (turns.length > 0) return withSystem(systemOf(input), turns);
    }
  }
  const own = messageTurn(input);
  if (own !== undefined) return [own];
  // A message with an author who is no person, such as a tool.
  if (typeof input.role === "string" && input.parts === undefined) return [];
  if (Array.isArray(input.parts)) {
    return turnsOf([textTurn("user", textOf(input.parts))]);
  }
  for (const key of INNER_KEYS) {
    const turns = inputTurns(input[key], depth + 1);
    if (turns.length > 0) return withSystem(systemOf(input), turns);
  }
  for (const key of TEXT_KEYS) {
    const text = input[key];
    if (typeof text !== "string" || isJunk(key, text)) continue;
    const turns = textTurns(text, depth);
    if (turns.length > 0) return withSystem(systemOf(input), turns);
  }
  return [];
}

function isJunk(key: string, text: string): boolean {
  return key === "content" && text === "role";
}

function systemOf(input: JsonObject): string {
  return textOf(
    input.system ?? input.systemInstruction ?? input.system_instruction,
  );
}
