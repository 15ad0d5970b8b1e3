import type { Turn } from "../conversation.ts";
import {
  type Json,
  type JsonObject,
  objectOrEmpty,
  objectsOf,
} from "../json.ts";
import { storedJson } from "../records/stored_json.ts";
import { conversationFormat } from "./format.ts";
import { listTurns } from "./list_turns.ts";
import { textTurn, turnsOf } from "./text_turn.ts";

/**
 * Agno's sessions: `{session_id, session_type, runs: [{run_id, messages: [{role, content,
 * from_history}]}]}`. Each run repeats the system prompt, and earlier messages as `from_history`. A run
 * that kept no messages has what was asked in `input.input_content`. agno-agi/agno,
 * libs/agno/agno/db/postgres/schemas.py and libs/agno/agno/models/message.py.
 */
export const agno = conversationFormat({
  name: "agno",
  matches: (record) =>
    runsOf(record).some((run) =>
      Array.isArray(run.messages) && run.run_id !== undefined ||
      objectOrEmpty(run.input).input_content !== undefined
    ),
  read: (record) => {
    const turns: Turn[] = [];
    for (const run of runsOf(record)) {
      turns.push(
        ...runTurns(run).filter(({ role }) =>
          role !== "system" || turns.length === 0
        ),
      );
    }
    return [{
      id: record.session_id ?? record.id,
      model: runsOf(record)[0]?.model,
      turns,
    }];
  },
});

function runsOf({ runs }: JsonObject): JsonObject[] {
  return objectsOf(storedJson(runs));
}

function runTurns(run: JsonObject): Turn[] {
  const messages = objectsOf(run.messages).filter(({ from_history }) =>
    from_history !== true
  );
  if (messages.length > 0) return listTurns(messages as Json[]);
  const time = run.created_at;
  return turnsOf([
    textTurn("user", objectOrEmpty(run.input).input_content, { time }),
    textTurn("assistant", run.content, { time }),
  ]);
}
