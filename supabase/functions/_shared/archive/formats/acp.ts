import type { Turn } from "../conversation.ts";
import {
  isObject,
  type JsonObject,
  objectOrEmpty,
  textOrUndefined,
} from "../json.ts";
import { kindOf, leaveOut } from "../left_out.ts";
import { type ConversationBuilder, messageFormat } from "./format.ts";
import { textOf } from "./text_of.ts";

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
  conversationOf: (record) => updateOf(record)?.session,
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
  const rpc = [record, record.message, record.payload, record.data]
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

function openSession(id: string | undefined): ConversationBuilder {
  const turns: Turn[] = [];
  const chunks = new Map<string, Turn>();
  let hasPrompts = false;
  /** The kind of the pieces that are being put together. */
  let open: string | undefined;

  return {
    add(record) {
      const update = updateOf(record);
      if (update === undefined) {
        leaveOut(kindOf(record), record);
        return false;
      }
      const { kind, body } = update;
      const time = record.timestamp ?? record.time;
      const isAnswer = kind === "session/update/agent_message_chunk";
      const isReplay = kind === "session/update/user_message_chunk";
      if (kind !== "session/prompt" && !isAnswer && !isReplay) {
        leaveOut(kind, body);
        if (kind.startsWith("session/update/tool_call")) open = undefined;
        return false;
      }
      hasPrompts ||= kind === "session/prompt";
      const text = textOf(
        isAnswer || isReplay ? [body.content ?? null] : body.prompt,
      );
      if (text === "") return false;
      const before = open === kind ? chunks.get(kind) : undefined;
      if (before !== undefined && kind !== "session/prompt") {
        before.text += text;
        return true;
      }
      const turn: Turn = {
        role: isAnswer ? "assistant" : "user",
        text,
        ...time !== undefined && time !== null && { time },
        ...isReplay && { metadata: { replayed: true } },
      };
      turns.push(turn);
      chunks.set(kind, turn);
      open = kind;
      return true;
    },
    build: () => {
      const replayed = turns.filter(({ metadata }) => metadata?.replayed);
      const isRepeat = hasPrompts &&
        replayed.every(({ text }) =>
          turns.some((turn) => !turn.metadata?.replayed && turn.text === text)
        );
      const kept = isRepeat
        ? turns.filter(({ metadata }) => !metadata?.replayed)
        : turns;
      return [{
        id,
        turns: kept.map(({ metadata: _, ...turn }) => turn),
      }];
    },
  };
}
