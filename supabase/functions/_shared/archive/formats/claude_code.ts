import type { Turn } from "../conversation.ts";
import {
  type JsonObject,
  objectOrEmpty,
  objectsOf,
  textOrUndefined,
} from "../json.ts";
import { kindOf, leaveOut, readOrSilent } from "../left_out.ts";
import { ClaudeCodeQueue } from "./claude_code_queue.ts";
import { IGNORED_BY_CLAUDE_CODE, toTurn } from "./claude_code_turn.ts";
import { eventFormat } from "./event_format.ts";
import {
  buildAll,
  type ConversationBuilder,
  conversationFormat,
  messageFormat,
} from "./format.ts";

/**
 * Claude Code's session files, a line per event, `{type, uuid, sessionId, message: {role, content}}`, and
 * the lines of `claude -p --output-format stream-json`, which say `session_id` and
 * `parent_tool_use_id`. What a person types while a tool runs is an `attachment` of type
 * `queued_command`, or in newer versions only a `queue-operation`; it counts once.
 *
 * Sources: kenn-io/agentsview internal/parser/claude.go, simonw/claude-code-transcripts#98,
 * anthropics/claude-code#86614, docs.claude.com/en/docs/claude-code/sdk (SDKMessage).
 */
export const claudeCode = messageFormat({
  name: "claude_code",
  matches: isEvent,
  // A file is a session, whose id changes when it is resumed; a stream may be of several.
  conversationOf: ({ session_id }) => textOrUndefined(session_id),
  ignored: IGNORED_BY_CLAUDE_CODE,
  open: openSession,
});

/** The same as one object, as the web version gives it: `{loglines: […]}`. */
export const claudeCodeLog = conversationFormat({
  name: "claude_code_loglines",
  matches: (record) => Array.isArray(record.loglines),
  read: (record) => buildAll(claudeCode, objectsOf(record.loglines)),
});

/** `~/.claude/history.jsonl`: `{display, project, timestamp}`, prompts only. */
export const claudeCodeHistory = eventFormat({
  name: "claude_code_history",
  matches: (record) =>
    typeof record.display === "string" &&
    record.timestamp !== undefined && record.project !== undefined,
  conversationOf: ({ sessionId }) => textOrUndefined(sessionId),
  ignored: { command: "a slash command" },
  turnOf: ({ display, timestamp }) =>
    typeof display === "string" && !display.startsWith("/")
      ? { role: "user", text: display, time: timestamp }
      : "command",
});

function isEvent(record: JsonObject): boolean {
  const { type, sessionId, session_id } = record;
  if (type === "summary") {
    return typeof record.leafUuid === "string" || typeof sessionId === "string";
  }
  if (type === "file-history-snapshot") return true;
  if (record.payload !== undefined) return false;
  if (typeof session_id === "string") {
    return record.parent_tool_use_id !== undefined ||
      (type === "system" && record.subtype === "init");
  }
  if (sessionId === undefined) {
    const { role, content } = objectOrEmpty(record.message);
    // What `claude -p --input-format stream-json` takes, and lines that a tool has cut short.
    return (type === "user" || type === "assistant") &&
        (role === type || (role === undefined && content !== undefined &&
          record.timestamp !== undefined)) ||
      objectOrEmpty(record.attachment).type === "queued_command";
  }
  return typeof sessionId === "string" &&
    (record.parentUuid !== undefined || record.isSidechain !== undefined ||
      type === "queue-operation");
}

function openSession(id: string | undefined): ConversationBuilder {
  const turns: Turn[] = [];
  const places = new Map<string, number>();
  const queue = new ClaudeCodeQueue(turns);
  let own: string | undefined = id;
  let title: string | undefined;

  function add(turn: Turn): boolean {
    const place = turn.id === undefined ? undefined : places.get(turn.id);
    // Resumed sessions repeat earlier lines.
    if (place !== undefined && turns[place].role === turn.role) {
      turns[place] = turn;
      return true;
    }
    if (turn.role === "user" && queue.knows(turn.text, "user", turn.id)) {
      return false;
    }
    if (turn.id !== undefined) places.set(turn.id, turns.length);
    turns.push(turn);
    return true;
  }

  return {
    add(record) {
      own ??= textOrUndefined(record.sessionId);
      if (record.type === "summary") title ??= textOrUndefined(record.summary);
      if (record.type === "queue-operation") return queue.move(record);
      const attachment = objectOrEmpty(record.attachment);
      if (attachment.type === "queued_command") {
        return queue.deliver(record, attachment);
      }
      const [turn, isSilent] = readOrSilent(() => toTurn(record));
      if (isSilent) leaveOut(kindOf, record);
      if (typeof turn === "string") leaveOut(turn, record);
      return typeof turn === "object" && add(turn);
    },
    build: () => {
      queue.close();
      return [{ id: own, title, turns }];
    },
  };
}
