import type { Turn } from "../conversation.ts";
import {
  isObject,
  type Json,
  type JsonObject,
  objectOrEmpty,
  objectsOf,
} from "../json.ts";
import { kindOf, leaveOut, namesIn, readOrSilent } from "../left_out.ts";
import { storedJson } from "../records/stored_json.ts";
import { opensWith } from "./injected_text.ts";
import { roleOf } from "./role_of.ts";
import { textOf } from "./text_of.ts";
import { textTurn, turnsOf } from "./text_turn.ts";

/**
 * Turns of a plain list of `{role, content}` messages in any spelling: also `sender`, `from`,
 * `author`, `is_user`, LangChain's `{type: "human"}` and `["human", "text"]`; also `text`, `message`,
 * `value` and `parts`. What is no message, tool results and few-shot examples are left out.
 */
export function listTurns(messages: Json | undefined): Turn[] {
  if (!Array.isArray(messages)) return [];
  return turnsOf(
    messages.map((stored) => {
      const message = storedJson(stored);
      return isObject(message)
        ? messageTurn(message)
        : Array.isArray(message)
        ? textTurn(roleOf(message[0]), message[1])
        : undefined;
    }),
  );
}

/** The turn of one message; undefined when nobody said anything in it. */
export function messageTurn(message: JsonObject): Turn | undefined {
  const author = authorOf(message);
  // Google's ADK names the agent, and the role with the words.
  const role = roleOf(author) ?? roleOf(objectOrEmpty(message.content).role);
  if (role === undefined || isExample(message)) {
    const name = role === undefined ? nameOf(author) : "example";
    leaveOut(name, message, IGNORED_MESSAGES);
    return undefined;
  }
  const said = bodyOf(message);
  const [text, isSilent] = readOrSilent(() => wordsOf(said) || undefined);
  if (role === "user" && text !== undefined && opensWith(text, TOOL_OUTPUT)) {
    leaveOut("user/tool output", message, IGNORED_MESSAGES);
    return undefined;
  }
  if (isSilent && !BODY_KEYS.some((key) => (said[key] ?? null) !== null)) {
    leaveOut(() => `${role} with ${namesIn(message)}`, message);
  }
  return textTurn(role, text, {
    id: message.id ?? message.uuid ?? message.message_id ?? said.id,
    time: message.created_at ?? message.timestamp ?? message.create_time ??
      message.createdAt ?? message.date ?? message.time ?? message.created ??
      message.inserted_at ?? message.sent_at,
    model: message.model ?? message.modelId,
  });
}

/** Who a message says wrote it, before `roleOf` reads the name. */
export function authorOf(message: JsonObject): Json | undefined {
  // LangChain's table has an empty one beside the type.
  const role = message.role || undefined;
  if (role !== undefined && !isObject(role)) return role;
  // Before the sender, which may be any label.
  const isUser = message.is_user ?? message.isUser ?? message.isCreatedByUser;
  if (typeof isUser === "boolean") return isUser ? "user" : "assistant";
  const author = role ?? message.sender_role ?? message.sender_type ??
    message.direction ?? message.sender ?? message.from ?? message.author;
  if (isObject(author)) return author.role;
  if (author !== undefined) return author;
  // LangChain: {lc: 1, type: "constructor", id: [..., "HumanMessage"], kwargs} or {type: "human"}.
  if (message.lc !== undefined && Array.isArray(message.id)) {
    return message.id.at(-1);
  }
  return message.type;
}

/** Messages that neither a person nor a model wrote, by their author. */
export const IGNORED_MESSAGES = {
  "author/tool*": "what a tool answered",
  "author/function*": "a tool's call or what it answered",
  "author/ipython": "what a tool answered",
  "author/observation": "what a tool answered",
  "author/environment": "what a tool answered",
  "author/remove": "a mark of LangGraph that takes a message away",
  example: "an example for the model, which the program put in",
  "user/tool output": "what a tool answered, in a user's role",
} as const;

// mini-swe-agent; chat templates of Qwen and Hermes; Anthropic's tools before they had blocks.
const TOOL_OUTPUT = ["<returncode>", "<tool_response>", "<function_results>"];

function nameOf(author: Json | undefined): string | typeof kindOf {
  return typeof author === "string" ? `author/${author.slice(0, 40)}` : kindOf;
}

function isExample(message: JsonObject): boolean {
  return message.name === "example_user" ||
    message.name === "example_assistant" || message.example === true ||
    bodyOf(message).example === true;
}

/** The object that holds a message's words: LangChain wraps it in `kwargs` or `data`. */
function bodyOf(message: JsonObject): JsonObject {
  if (isObject(message.kwargs)) return message.kwargs;
  return message.content === undefined && isObject(message.data)
    ? message.data
    : message;
}

/** Mastra's table has the parts of a message as JSON text: `{"format": 2, "parts": […], "content"}`. */
function storedContent(content: Json): Json {
  if (typeof content !== "string" || !/^\s*\{\s*"format"/.test(content)) {
    return content;
  }
  const stored = storedJson(content);
  return isObject(stored) && typeof stored.format === "number" &&
      Array.isArray(stored.parts)
    ? stored
    : content;
}

const BODY_KEYS = [
  "parts",
  "content",
  "fragments",
  "text",
  "value",
  "message",
  "contentParts",
  "contentChunks",
  "content_list",
  "blocks",
  "body",
];

function wordsOf(message: JsonObject): string {
  // The AI SDK writes the same text into `parts` and `content`: one of them counts.
  if (Array.isArray(message.parts)) {
    const text = textOf(message.parts);
    if (text !== "") return text;
  }
  if (message.content !== undefined && message.content !== null) {
    const text = textOf(storedContent(message.content));
    if (text !== "") return text;
  }
  // Qwen Chat leaves `content` empty, and says which pieces are the answer.
  if (Array.isArray(message.content_list)) {
    return textOf(
      objectsOf(message.content_list).filter(({ phase }) => phase === "answer"),
    );
  }
  // Le Chat does so where an answer is in pieces.
  if (Array.isArray(message.contentChunks)) {
    return textOf(message.contentChunks);
  }
  if (Array.isArray(message.fragments)) return fragmentWords(message.fragments);
  return textOf(
    message.text ?? message.value ?? message.message ?? message.contentParts ??
      // LlamaIndex; tables that people made.
      message.blocks ?? message.body,
  );
}

/** big-AGI: `[{ft: "content", part: {pt: "text", text}}]`. */
function fragmentWords(fragments: Json[]): string {
  return objectsOf(fragments)
    .map(({ part }) => isObject(part) && part.pt === "text" ? part.text : "")
    .filter((text) => typeof text === "string" && text !== "").join("\n");
}
