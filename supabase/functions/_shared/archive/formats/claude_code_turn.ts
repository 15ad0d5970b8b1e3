import type { Turn } from "../conversation.ts";
import { isObject, type JsonObject, objectsOf } from "../json.ts";
import type { Ignored } from "../left_out.ts";
import { opensWith, withoutBlocks } from "./injected_text.ts";
import { textOf } from "./text_of.ts";
import { textTurn } from "./text_turn.ts";

/** What Claude Code writes beside turns. Unknown attachments are not on it: one of them held prompts. */
export const IGNORED_BY_CLAUDE_CODE: Ignored = {
  "user/meta": "added by the program (isMeta, isSynthetic)",
  "user/sidechain": "told to a sub-agent by a model",
  "assistant/sidechain": "answered by a sub-agent",
  "user/compact": "a summary of earlier turns (isCompactSummary)",
  "user/tool_result": "what a tool answered",
  "user/injected":
    "a command, reminder, notification or context in a user's role",
  "user/not human": "sent by a program (origin, promptSource)",
  "assistant/error": "an error of the API or the program in the model's place",
  "attachment/queued_command/not a prompt":
    "queued by the program (commandMode, origin)",
  "queue-operation/not a prompt": "queued by the program",
  "queue-operation/waits":
    "typed while the model worked; counts when it is sent",
  "queue-operation/taken back": "typed and taken back before it was sent",
  "system*": "written by the program",
  "progress*": "written by the program",
  "result*": "the last answer again",
  "stream_event*": "pieces of a message that follows whole",
  "control_*": "between the program and its host",
  summary: "the session's title",
  "last-prompt": "a prompt again",
  "attachment/agent_*": "context that the program added",
  "attachment/async_hook_response": "of a hook",
  "attachment/command_permissions": "context that the program added",
  "attachment/compact_file_reference": "context that the program added",
  "attachment/critical_system_reminder": "context that the program added",
  "attachment/date_change": "context that the program added",
  "attachment/deferred_tools*": "context that the program added",
  "attachment/diagnostics": "context that the program added",
  "attachment/directory": "a file that was named",
  "attachment/edited_*": "a file that was named",
  "attachment/file": "a file that was named",
  "attachment/hook_*": "of a hook",
  "attachment/invoked_skills": "context that the program added",
  "attachment/mcp_*": "context that the program added",
  "attachment/nested_memory": "context that the program added",
  "attachment/opened_file_in_ide": "context that the program added",
  "attachment/output_style": "context that the program added",
  "attachment/plan_*": "context that the program added",
  "attachment/relevant_memories": "context that the program added",
  "attachment/selected_lines_in_ide": "context that the program added",
  "attachment/skill_*": "context that the program added",
  "attachment/task_*": "context that the program added",
  "attachment/todo*": "context that the program added",
  "attachment/token_usage": "context that the program added",
};

// Openings of texts that the program writes in a user's role, with or without a flag.
const INJECTED = [
  "<command-",
  "<local-command-",
  "<bash-",
  "<task-notification>",
  "<user-prompt-submit-hook>",
  "<teammate-message",
  "<cross-session-message",
  "<channel source=",
  "<system-notification>",
  "<scheduled-task",
  "[SYSTEM NOTIFICATION",
  "[Request interrupted",
  "Caveat: The messages below",
  "Stop hook feedback:",
  "This session is being continued from a previous conversation",
  "Base directory for this skill:",
  "Your claude.ai usage limit has reset. Continue",
];

function isInjected(text: string): boolean {
  return opensWith(text, INJECTED);
}

/** True where a record says that no person sent it. */
export function isFromProgram({ origin, promptSource }: JsonObject): boolean {
  const kind = isObject(origin ?? null) ? (origin as JsonObject).kind : origin;
  return promptSource === "system" ||
    (typeof kind === "string" && kind !== "human" && kind !== "user");
}

/** The turn of an event, or the kind of one that is none on purpose. */
export function toTurn(record: JsonObject): Turn | string | undefined {
  const { message } = record;
  if (!isObject(message)) return undefined;
  // Converters write `message` for both.
  const type = record.type === "message" ? message.role : record.type;
  if (type !== "user" && type !== "assistant") return undefined;
  if (
    record.isSidechain === true || record.agentId !== undefined ||
    (record.parent_tool_use_id ?? null) !== null
  ) return `${type}/sidechain`;
  if (record.isMeta === true || record.isSynthetic === true) return "user/meta";
  if (record.isCompactSummary === true) return "user/compact";
  const facts = {
    id: record.uuid,
    time: record.timestamp,
    model: message.model,
  };
  if (type === "assistant") {
    if (record.isApiErrorMessage === true || message.model === "<synthetic>") {
      return "assistant/error";
    }
    return textTurn(type, textOf(message.content), facts);
  }
  if (record.toolUseResult !== undefined) return "user/tool_result";
  if (isFromProgram(record)) return "user/not human";
  const { content } = message;
  const blocks = Array.isArray(content) ? content : [content ?? null];
  if (objectsOf(blocks).some(({ type }) => type === "tool_result")) {
    return "user/tool_result";
  }
  const words = blocks.map((block) => textOf(block === null ? "" : [block]))
    .filter((text) => text !== "");
  return textTurn(type, typedText(words), facts) ??
    (words.length > 0 ? "user/injected" : undefined);
}

/** What a person typed, without what hooks, editors and the program put in. */
export function typedText(words: string[]): string {
  return words.filter((text) => !isInjected(text))
    .map((text) =>
      withoutBlocks(text, ["system-reminder", ...editorTags(text)])
    )
    .filter((text) => text.trim() !== "" && !isInjected(text))
    .join("\n");
}

/** Editors add `<ide_selection>`, `<ide_opened_file>` and more of the kind. */
function editorTags(text: string): Set<string> {
  return new Set([...text.matchAll(/<(ide_\w{1,40})>/g)].map(([, tag]) => tag));
}
