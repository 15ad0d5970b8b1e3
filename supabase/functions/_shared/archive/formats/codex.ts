import type { Conversation, Turn } from "../conversation.ts";
import {
  isObject,
  type Json,
  type JsonObject,
  objectsOf,
  textOrUndefined,
} from "../json.ts";
import { kindOf, leaveOut } from "../left_out.ts";
import { eventFormat } from "./event_format.ts";
import { type ConversationBuilder, messageFormat } from "./format.ts";
import { IGNORED_BY_CODEX, isInjectedByCodex } from "./codex_context.ts";
import { IGNORED_PARTS } from "./text_of.ts";
import { textTurn } from "./text_turn.ts";

/**
 * Codex CLI's rollout files: `{timestamp, type, payload}` per line, before 0.45 bare items behind a
 * header. Until 0.145 a prompt is written as `response_item` and as the event `user_message`, but not
 * always as both: the union counts, twins once. Since 0.146 it is the event `item_completed` with an
 * item of type `UserMessage`: behind such an event no `response_item` is a prompt, because those hold
 * context, warnings and summaries too.
 *
 * Sources: openai/codex codex-rs/core/src/context, kenn-io/agentsview internal/parser/codex.go,
 * graykode/abtop#170, vectorize-io/hindsight#4377.
 */
export const codex = messageFormat({
  name: "codex",
  matches: isEvent,
  ignored: IGNORED_BY_CODEX,
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

function isEvent(record: JsonObject): boolean {
  if (isObject(record.payload) && EVENT_TYPES.has(record.type)) return true;
  if (record.record_type === "state") return true;
  // The header before 0.45; and `codex exec --json`, in which no prompt is written.
  return (typeof record.id === "string" &&
    typeof record.timestamp === "string" &&
    record.instructions !== undefined && record.type === undefined) ||
    (record.type === "thread.started" && typeof record.thread_id === "string");
}

function isMessage({ type, role, content }: JsonObject): boolean {
  return type === "message" ||
    (type === undefined && typeof role === "string" && content !== undefined);
}

/** `item` is the API's, `event` the program's until 0.145, `completed` since. */
type Written = "item" | "event" | "completed";

interface Prompt {
  turn: Turn;
  as: Set<Written>;
  item?: JsonObject;
}

function openSession(): ConversationBuilder {
  const conversation: Conversation = { turns: [] };
  const { turns } = conversation;
  const prompts: Prompt[] = [];
  /** The latest prompt while it may be told again in another way. */
  let open: Prompt | undefined;
  let model: string | undefined;
  let isSubagent = false;

  function prompt(turn: Turn, as: Written, item?: JsonObject): true {
    if (open !== undefined && !open.as.has(as) && isTwin(open.turn, turn)) {
      open.as.add(as);
      // The item may have placeholders of pictures that nobody typed.
      if (as !== "item") open.turn.text = turn.text;
      return true;
    }
    open = { turn, as: new Set([as]), item };
    prompts.push(open);
    turns.push(turn);
    return true;
  }

  function answer(text: string, time: Json | undefined): true | string {
    if (turns.at(-1)?.text === text) return "message/not typed";
    turns.push({ role: "assistant", text, time, model });
    open = undefined;
    return true;
  }

  function addItem(item: JsonObject, time: Json | undefined) {
    const words = partsOf(item.content);
    const typed = words.filter((text) => !isInjectedByCodex(text));
    const text = typed.join("\n");
    if (item.role === "assistant") return text !== "" && answer(text, time);
    if (item.role !== "user") return `message/${String(item.role)}`;
    if (text === "") return words.length > 0 && "message/injected";
    if (isSubagent) return "message/sub-agent";
    return prompt({ role: "user", text: requestIn(text), time }, "item", item);
  }

  function addEvent(event: JsonObject, time: Json | undefined) {
    const item = event.type === "item_completed" ? event.item : undefined;
    const text = isObject(item ?? null)
      ? partsOf((item as JsonObject).content).join("\n")
      : textOrUndefined(event.message) ?? "";
    const type = isObject(item ?? null)
      ? (item as JsonObject).type
      : event.type;
    if (text === "") return false;
    if (type === "agent_message" || type === "AgentMessage") {
      return answer(text, time);
    }
    if (type !== "user_message" && type !== "UserMessage") return false;
    if (isSubagent) return "message/sub-agent";
    if (!isTyped(event, text)) return "message/injected";
    const as = type === "UserMessage" ? "completed" : "event";
    return prompt({ role: "user", text: requestIn(text), time }, as);
  }

  return {
    add(record) {
      const payload = isObject(record.payload) ? record.payload : record;
      const time = record.timestamp ?? undefined;
      const type = record.payload === undefined ? "response_item" : record.type;
      if (type === "session_meta" || record.instructions !== undefined) {
        if (conversation.id === undefined) {
          conversation.id = textOrUndefined(payload.id);
          isSubagent = payload.thread_source === "subagent" ||
            (isObject(payload.source) && payload.source.subagent !== undefined);
        }
        leaveOut("session_meta", record, IGNORED_BY_CODEX);
        return false;
      }
      if (type === "turn_context") model = textOrUndefined(payload.model);
      const added = type === "event_msg"
        ? addEvent(payload, time)
        : type === "response_item" && isMessage(payload)
        ? addItem(payload, time)
        : false;
      if (typeof added === "string") leaveOut(added, record);
      else if (!added) leaveOut(kindOf, record);
      return added === true;
    },
    build() {
      // A rollout that was begun by an older version has its older events first.
      const last = prompts.findLastIndex(({ as }) => as.has("event"));
      const isNew = prompts.some(({ as }) => as.has("completed"));
      const others = prompts.filter(({ as }, index) =>
        isNew && index > last && !as.has("completed")
      );
      const dropped = new Set(others.map(({ turn }) => turn));
      for (const { item } of others) {
        leaveOut("message/not typed", item ?? {});
      }
      return [{
        ...conversation,
        turns: turns.filter((turn) => !dropped.has(turn)),
      }];
    },
  };
}

function isTyped(event: JsonObject, text: string): boolean {
  return (event.kind === undefined || event.kind === "plain") &&
    !isInjectedByCodex(text);
}

/** The texts of an item's parts, whose type is `input_text` or `Text` by who wrote them. */
function partsOf(content: Json | undefined): string[] {
  if (typeof content === "string") return [content];
  return objectsOf(content).flatMap((part) => {
    if (/text$/i.test(String(part.type)) && typeof part.text === "string") {
      return part.text === "" ? [] : [part.text];
    }
    leaveOut(`part/${String(part.type)}`, part, IGNORED_PARTS);
    return [];
  });
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
function isTwin(one: Turn, other: Turn): boolean {
  const [a, b] = [one, other]
    .map(({ text }) => text.replace(/\s+/g, " ").trim());
  return a === b || (a !== "" && b !== "" && (a.includes(b) || b.includes(a)));
}
