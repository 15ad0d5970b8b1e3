import type { Turn } from "../conversation.ts";
import {
  type Json,
  type JsonObject,
  objectOrEmpty,
  objectsOf,
} from "../json.ts";
import { eventFormat } from "./event_format.ts";
import {
  conversationFormat,
  listedFormat,
  type ReadConversation,
} from "./format.ts";
import { textOf } from "./text_of.ts";
import { textTurn } from "./text_turn.ts";

const SAID = new Set<Json | undefined>([
  "TextMessage",
  "MultiModalMessage",
  "UserMessage",
  "AssistantMessage",
  "StopMessage",
  "HandoffMessage",
  "StructuredMessage",
]);

// Agents that stand for a person, by the names that the tutorials give them.
const PERSON = /^(?:user|human|admin|user_?proxy(?:_?agent)?)$/i;

/**
 * Messages of AutoGen's agents, `{source, type: "TextMessage", content}`: what `user` or a user proxy says is
 * a prompt, what other agents say answers.
 *
 * Source: microsoft/autogen python/packages/autogen-agentchat/src/autogen_agentchat/messages.py.
 */
export const autogenMessages = eventFormat({
  name: "autogen_messages",
  matches: (record) =>
    typeof record.source === "string" && record.content !== undefined &&
    typeof record.type === "string" &&
    /^[A-Z]\w+(?:Message|Event)$/.test(record.type),
  ignored: {
    "*Event": "a step of an agent",
    "ToolCallSummaryMessage": "what a tool answered",
    "FunctionExecutionResultMessage": "what a tool answered",
    "SystemMessage": "the system prompt",
  },
  turnOf: ({ id, source, type, content, created_at }) => {
    if (!SAID.has(type)) return undefined;
    const isPerson = PERSON.test(String(source));
    return textTurn(isPerson ? "user" : "assistant", textOf(content), {
      id,
      time: created_at,
    });
  },
});

/**
 * A run or the state of a team in one object: `{messages: […], stop_reason}`, or `{agent_states:
 * {…: {message_thread | llm_context: {messages}}}}`, of which the thread of the group is read.
 */
export const autogenRun = listedFormat("autogen", autogenMessages, messagesOf);

/**
 * AutoGen 0.2: `{chat_history | messages: [{content, role, name}]}` of `initiate_chat`. Roles are those that
 * the one agent sees, so that the proxy of the person has role assistant: the names decide.
 *
 * Source: microsoft/autogen, branch 0.2, autogen/agentchat/chat.py (ChatResult).
 */
export const autogenChat = conversationFormat({
  name: "autogen_0_2",
  matches: (record) => isNamed(historyOf(record)),
  read: (record) => [readChat(record)],
});

function messagesOf(record: JsonObject): Json | undefined {
  const states = objectOrEmpty(record.agent_states);
  const agents = Object.values(states).map((one) => objectOrEmpty(one))
    .map((one) => objectOrEmpty(one.agent_state ?? one));
  const lists = [
    // What all have heard, before what one agent has.
    ...agents.map(({ message_thread }) => message_thread),
    ...agents.map(({ llm_context }) => objectOrEmpty(llm_context).messages),
  ];
  const heard = lists.find((list) => Array.isArray(list) && list.length > 0);
  return heard ?? record.messages ?? record.message_thread ??
    objectOrEmpty(record.llm_context).messages;
}

function historyOf({ chat_history, messages }: JsonObject): Json | undefined {
  return chat_history ?? messages;
}

function isNamed(history: Json | undefined): boolean {
  const messages = objectsOf(history);
  return messages.length > 1 &&
    messages.every(({ name }) => typeof name === "string") &&
    messages.some(({ name }) => PERSON.test(String(name)));
}

function readChat(record: JsonObject): ReadConversation {
  const turns = objectsOf(historyOf(record)).map(
    ({ name, role, content }): Turn | undefined =>
      role === "system" || role === "tool" ? undefined : textTurn(
        PERSON.test(String(name)) ? "user" : "assistant",
        textOf(content),
      ),
  );
  return { id: record.chat_id ?? record.id, turns };
}
