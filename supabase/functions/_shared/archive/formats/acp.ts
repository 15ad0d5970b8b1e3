import type { Turn } from "../conversation.ts";
import {
  isObject,
  type JsonObject,
  objectOrEmpty,
  textOrUndefined,
} from "../json.ts";
import { leaveOut } from "../left_out.ts";
import { type ConversationBuilder, messageFormat } from "./format.ts";
import { textOf } from "./text_of.ts";

const ANSWER = "session/update/agent_message_chunk";
const REPLAY = "session/update/user_message_chunk";

const IGNORED = {
  "session/update/agent_thought_chunk": "thoughts of the model",
  "session/update/tool_call*": "tools",
  "session/update/plan*": "a plan of the model",
  "session/update/available_commands_update": "about the session",
  "session/update/current_mode_update": "about the session",
  "session/update/session_info_update": "about the session",
  "session/update/usage_update": "usage",
  "session/request_permission*": "a question of a tool",
  "fs/*": "a tool's call",
  "terminal/*": "a tool's call",
  rpc: "a reply or a call that is no turn",
};

/**
 * Messages of the Agent Client Protocol, as Zed and other editors log them: `{jsonrpc, method:
 * "session/prompt", params: {sessionId, prompt: [{type: "text", text}]}}` and `session/update` with
 * `agent_message_chunk`, whose pieces are put together. `user_message_chunk` repeats earlier prompts when a
 * session is loaded, and counts where there is no `session/prompt`.
 *
 * Source: agentclientprotocol.com/protocol/prompt-turn and /protocol/session-setup.
 */
export const acp = messageFormat({
  name: "acp",
  matches: (record) => typeof updateOf(record)?.kind === "string",
  conversationOf: (record) => updateOf(record)?.session ?? null,
  ignored: IGNORED,
  open: openSession,
});

interface Update {
  kind: string;
  session: string | undefined;
  body: JsonObject;
}

/** What a record tells; loggers put the message beside its direction and time. */
function updateOf(record: JsonObject): Update | undefined {
  // Grok Build leaves out what the protocol says around `params`.
  const rpc = [
    record,
    record.message,
    record.payload,
    record.data,
    record.params,
  ]
    .find((place): place is JsonObject =>
      isObject(place ?? null) &&
      ((place as JsonObject).jsonrpc !== undefined ||
        isObject((place as JsonObject).update ?? null))
    );
  if (rpc === undefined) return undefined;
  const params = isObject(rpc.params ?? null) ? rpc.params as JsonObject : rpc;
  const session = textOrUndefined(params.sessionId);
  if (rpc.method === "session/prompt") {
    return { kind: rpc.method, session, body: params };
  }
  const update = objectOrEmpty(params.update);
  if (typeof update.sessionUpdate === "string") {
    return {
      kind: `session/update/${update.sessionUpdate}`,
      session,
      body: update,
    };
  }
  const method = textOrUndefined(rpc.method) ?? "rpc";
  return rpc.jsonrpc === undefined || session === undefined
    ? undefined
    : { kind: method, session, body: params };
}

type Kind = "session/prompt" | typeof ANSWER | typeof REPLAY;

function openSession(id: string | undefined): ConversationBuilder {
  const said: { turn: Turn; kind: Kind }[] = [];
  /** True while pieces belong to the message before them. */
  let isOpen = false;
  return {
    add(record) {
      const update = updateOf(record);
      const kind = update?.kind;
      if (kind !== "session/prompt" && kind !== ANSWER && kind !== REPLAY) {
        leaveOut(kind ?? "rpc", update?.body ?? record);
        isOpen = false;
        return false;
      }
      const { prompt, content } = update!.body;
      const text = textOf(prompt ?? [content ?? null]);
      if (text === "") return false;
      const before = said.at(-1);
      if (isOpen && kind !== "session/prompt" && before?.kind === kind) {
        before.turn.text += text;
        return true;
      }
      const turn: Turn = { role: kind === ANSWER ? "assistant" : "user", text };
      const time = record.timestamp ?? record.time ?? undefined;
      if (time !== undefined) turn.time = time;
      said.push({ turn, kind });
      isOpen = true;
      return true;
    },
    build: () => {
      const prompts = new Set(
        said.filter(({ kind }) => kind === "session/prompt")
          .map(({ turn }) => turn.text),
      );
      const turns = said
        .filter(({ kind, turn }) => kind !== REPLAY || !prompts.has(turn.text))
        .map(({ turn }) => turn);
      return [{ id, turns }];
    },
  };
}
