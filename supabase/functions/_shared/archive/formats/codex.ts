import type { Conversation, Turn } from "../conversation.ts";
import {
  isObject,
  type Json,
  type JsonObject,
  textOrUndefined,
} from "../json.ts";
import { eventFormat } from "./event_format.ts";
import { type ConversationBuilder, messageFormat } from "./format.ts";
import { opensWith } from "./injected_text.ts";
import { textOf } from "./text_of.ts";
import { textTurn } from "./text_turn.ts";

/**
 * Codex CLI's rollout files: `{timestamp, type, payload}` per line, before 0.45 bare items behind a
 * header. A prompt is written as `response_item` and as `event_msg`, but not always as both: the
 * union counts, twins once.
 */
export const codex = messageFormat({
  name: "codex",
  matches: isEvent,
  open: openSession,
});

/** `~/.codex/history.jsonl`: `{session_id, ts, text}`, prompts only. */
export const codexHistory = eventFormat({
  name: "codex_history",
  matches: (record) =>
    typeof record.session_id === "string" &&
    record.ts !== undefined && typeof record.text === "string",
  conversationOf: ({ session_id }) => textOrUndefined(session_id),
  turnOf: ({ ts, text }) => textTurn("user", text, { time: ts }),
});

const EVENT_TYPES = new Set<Json | undefined>([
  "session_meta",
  "turn_context",
  "response_item",
  "event_msg",
  "compacted",
]);

const INJECTED = [
  "<environment_context>",
  "<user_instructions>",
  "# AGENTS.md instructions",
  "<INSTRUCTIONS>",
  "<turn_aborted>",
  "<user_action>",
  "<user_shell_command>",
  "<subagent_notification>",
  "<permissions instructions>",
  "<collaboration_mode>",
  "<skill>",
];

function isEvent(record: JsonObject): boolean {
  if (isObject(record.payload) && EVENT_TYPES.has(record.type)) return true;
  if (record.record_type === "state") return true;
  // The header before 0.45; and `codex exec --json`, in which no prompt is written.
  return (typeof record.id === "string" &&
    typeof record.timestamp === "string" &&
    record.instructions !== undefined && record.type === undefined) ||
    (record.type === "thread.started" && typeof record.thread_id === "string");
}

type Written = "item" | "event";

function openSession(): ConversationBuilder {
  const conversation: Conversation = { turns: [] };
  /** The latest prompt while only one of its two records was seen. */
  let single: { turn: Turn; written: Written } | undefined;
  let model: string | undefined;
  let isSubagent = false;

  function prompt(turn: Turn, written: Written): boolean {
    if (
      single !== undefined && single.written !== written &&
      isTwin(single.turn.text, turn.text)
    ) {
      // The item may have placeholders of pictures that nobody typed.
      if (written === "event") single.turn.text = turn.text;
      single = undefined;
      return false;
    }
    conversation.turns.push(turn);
    single = { turn, written };
    return true;
  }

  function answer(turn: Turn): boolean {
    if (conversation.turns.at(-1)?.text === turn.text) return false;
    conversation.turns.push(turn);
    single = undefined;
    return true;
  }

  return {
    add(record) {
      const payload = isObject(record.payload) ? record.payload : record;
      const time = record.timestamp ?? undefined;
      const type = record.payload === undefined ? "response_item" : record.type;
      if (type === "session_meta" || record.instructions !== undefined) {
        if (conversation.id === undefined) {
          conversation.id = textOrUndefined(payload.id);
          isSubagent = isObject(payload.source) &&
            payload.source.subagent !== undefined;
        }
        return false;
      }
      if (type === "turn_context") model = textOrUndefined(payload.model);
      if (type === "event_msg") {
        const text = payload.message;
        if (typeof text !== "string" || text === "") return false;
        if (payload.type === "agent_message") {
          return answer({ role: "assistant", text, time, model });
        }
        return payload.type === "user_message" && !isSubagent &&
          isTyped(payload, text) &&
          prompt({ role: "user", text: requestIn(text), time }, "event");
      }
      if (type !== "response_item" || payload.type !== "message") return false;
      const text = itemText(payload);
      if (text === "") return false;
      if (payload.role === "user") {
        return !isSubagent &&
          prompt({ role: "user", text: requestIn(text), time }, "item");
      }
      return payload.role === "assistant" &&
        answer({ role: "assistant", text, time, model });
    },
    build: () => [conversation],
  };
}

function isTyped(event: JsonObject, text: string): boolean {
  return (event.kind === undefined || event.kind === "plain") &&
    !opensWith(text, INJECTED);
}

function itemText(item: JsonObject): string {
  const parts = Array.isArray(item.content) ? item.content : [];
  return parts.map((part) => textOf([part]))
    .filter((text) => text !== "" && !opensWith(text, INJECTED)).join("\n");
}

const EDITOR_CONTEXT = "# Context from my IDE setup:";
const EDITOR_REQUEST = "## My request for Codex:";

/** What was typed in an editor: its extension puts the open files before it. */
function requestIn(text: string): string {
  if (!text.startsWith(EDITOR_CONTEXT)) return text;
  const at = text.indexOf(EDITOR_REQUEST);
  return at < 0 ? text : text.slice(at + EDITOR_REQUEST.length).trim();
}

/** The event may lack the pictures' placeholders or the editor's preface that the item has. */
function isTwin(one: string, other: string): boolean {
  const [a, b] = [one, other].map((text) => text.replace(/\s+/g, " ").trim());
  return a === b || (a !== "" && b !== "" && (a.includes(b) || b.includes(a)));
}
