import type { Turn } from "../conversation.ts";
import {
  isObject,
  type Json,
  type JsonObject,
  objectsOf,
  textOrUndefined,
} from "../json.ts";
import { eventFormat } from "./event_format.ts";
import { buildAll, conversationFormat } from "./format.ts";
import { opensWith, withoutBlocks } from "./injected_text.ts";
import { textOf } from "./text_of.ts";
import { textTurn } from "./text_turn.ts";

/**
 * Claude Code's session files: a line per event, `{type, uuid, sessionId, message: {role, content}}`.
 * Tool results, slash commands, sub-agents, hooks and summaries of earlier sessions have type `user`
 * too and are no prompts.
 */
export const claudeCode = eventFormat({
  name: "claude_code",
  matches: isEvent,
  about: (record) => ({
    id: textOrUndefined(record.sessionId),
    title: record.type === "summary"
      ? textOrUndefined(record.summary)
      : undefined,
  }),
  turnOf: toTurn,
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
  turnOf: ({ display, timestamp }) =>
    typeof display === "string" && !display.startsWith("/")
      ? { role: "user", text: display, time: timestamp }
      : undefined,
});

const INJECTED = [
  "<command-",
  "<local-command-",
  "<bash-",
  "Caveat: The messages below",
  "[Request interrupted",
  "<task-notification>",
  "<user-prompt-submit-hook>",
];

function isEvent(record: JsonObject): boolean {
  if (record.type === "summary") {
    return typeof record.leafUuid === "string" ||
      typeof record.sessionId === "string";
  }
  if (record.type === "file-history-snapshot") return true;
  return record.payload === undefined && typeof record.sessionId === "string" &&
    (record.parentUuid !== undefined || record.isSidechain !== undefined ||
      record.type === "queue-operation");
}

function toTurn(record: JsonObject): Turn | undefined {
  const { message } = record;
  if (!isObject(message)) return undefined;
  // Converters write `message` for both.
  const type = record.type === "message" ? message.role : record.type;
  if (type !== "user" && type !== "assistant") return undefined;
  if (
    record.isMeta === true || record.isSidechain === true ||
    record.agentId !== undefined ||
    record.isCompactSummary === true ||
    (type === "user" && record.toolUseResult !== undefined)
  ) return undefined;
  const { content, model } = message;
  const text = type === "user" ? typedText(content) : textOf(content);
  return textTurn(type, text, {
    id: record.uuid,
    time: record.timestamp,
    model,
  });
}

/** What a person typed: text without the results of tools and what hooks and editors put in. */
function typedText(content: Json | undefined): string {
  const blocks = Array.isArray(content) ? content : [content ?? null];
  if (objectsOf(blocks).some(({ type }) => type === "tool_result")) return "";
  return blocks
    .map((block) => textOf(block === null ? undefined : [block]))
    .filter((text) => text !== "" && !opensWith(text, INJECTED))
    .map((text) =>
      withoutBlocks(text, ["system-reminder", ...editorTags(text)])
    )
    .filter((text) => text.trim() !== "" && !opensWith(text, INJECTED))
    .join("\n");
}

/** Editors add `<ide_selection>`, `<ide_opened_file>` and more of the kind. */
function editorTags(text: string): Set<string> {
  return new Set([...text.matchAll(/<(ide_\w{1,40})>/g)].map(([, tag]) => tag));
}
