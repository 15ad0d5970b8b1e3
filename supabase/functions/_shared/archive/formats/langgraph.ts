import type { Turn } from "../conversation.ts";
import { conversationIdOf } from "../conversation_id.ts";
import {
  isObject,
  type JsonObject,
  objectOrEmpty,
  textOrUndefined,
} from "../json.ts";
import {
  type ConversationBuilder,
  listedFormat,
  messageFormat,
} from "./format.ts";
import { listTurns } from "./list_turns.ts";
import { epochOf } from "./time_of.ts";

/**
 * States of a LangGraph thread, `get_state_history()` and the API's `/threads/{id}/history`: `{values:
 * {messages}, next, checkpoint | config: {configurable}, created_at}`, newest first. Each repeats the
 * messages so far, so the states of a thread are one conversation, and messages are told apart by their
 * ids; without ids the longest state counts.
 *
 * Sources: langchain-ai/langgraph libs/langgraph/langgraph/types.py (StateSnapshot),
 * libs/sdk-py/langgraph_sdk/schema.py (ThreadState).
 */
export const langgraphStates = messageFormat({
  name: "langgraph",
  matches: (record) =>
    Array.isArray(messagesOf(record)) && Array.isArray(record.next),
  conversationOf: threadOf,
  open: openThread,
});

/** The same under `history`, `states` or `data` of one object. */
export const langgraphHistory = listedFormat(
  "langgraph_history",
  langgraphStates,
  ({ history, states, data }) => history ?? states ?? data,
);

function messagesOf({ values }: JsonObject) {
  return isObject(values) ? values.messages : values;
}

function threadOf(state: JsonObject): string | undefined {
  const { checkpoint, config, metadata } = state;
  const configurable = objectOrEmpty(config).configurable ?? {};
  return [checkpoint, configurable, metadata, state]
    .map((place) => conversationIdOf(objectOrEmpty(place)))
    .find((id) => id !== undefined);
}

function openThread(id: string | undefined): ConversationBuilder {
  const states: { time: number; turns: Turn[] }[] = [];
  return {
    add(state) {
      const time = epochOf(state.created_at ?? state.createdAt) ??
        Number(objectOrEmpty(state.metadata).step ?? states.length);
      states.push({ time, turns: listTurns(messagesOf(state)) });
      return true;
    },
    build: () => {
      states.sort((a, b) => a.time - b.time);
      return [{ id, turns: joined(states.map(({ turns }) => turns)) }];
    },
  };
}

/** All messages of states, oldest first: some are taken away again when a summary replaces them. */
function joined(states: Turn[][]): Turn[] {
  if (!states.flat().every(({ id }) => textOrUndefined(id) !== undefined)) {
    return states.reduce(
      (longest, turns) => turns.length >= longest.length ? turns : longest,
      [],
    );
  }
  const turns = new Map<string, Turn>();
  for (const turn of states.flat()) turns.set(turn.id!, turn);
  return [...turns.values()];
}
