import type { Turn } from "../conversation.ts";
import { type Json, type JsonObject, objectOrEmpty } from "../json.ts";
import { eventFormat } from "./event_format.ts";
import { listedFormat } from "./format.ts";
import { roleOf } from "./role_of.ts";
import { textOf } from "./text_of.ts";
import { textTurn } from "./text_turn.ts";

/**
 * A trajectory of OpenHands: events `{id, source, action | observation, args, message}`, or since version 1
 * `{id, kind: "MessageEvent", source, llm_message: {role, content}}`. Turns are the messages of `user` and
 * `agent`, and what the agent says when it finishes; `recall` repeats the prompt.
 *
 * Sources: All-Hands-AI/OpenHands frontend/src/types/core/base.ts, kenn-io/agentsview
 * internal/parser/openhands.go, OpenHands/trajectory-visualizer#2.
 */
export const openhands = eventFormat({
  name: "openhands",
  matches: (record) =>
    typeof record.source === "string" &&
    (record.kind === "MessageEvent" && record.llm_message !== undefined ||
      record.timestamp !== undefined &&
        (typeof record.action === "string" && record.args !== undefined ||
          typeof record.observation === "string" &&
            record.extras !== undefined)),
  ignored: {
    "action/*": "a step of the agent",
    "observation/*": "what a tool answered",
    "event/*":
      "a step of the agent, what a tool answered, or about the session",
    "message/environment": "written by the program",
    "message/system": "the system prompt",
  },
  turnOf: (event) =>
    typeof event.kind === "string" ? eventTurn(event) : actionTurn(event),
});

/** The same in an object: `{trajectory | history | events: […]}`, as the file of a run has it. */
export const openhandsRun = listedFormat("openhands_run", openhands, eventsOf);

/** Older runs have pairs of an action and an observation. */
function eventsOf({ trajectory, history, events }: JsonObject): Json[] {
  const list = trajectory ?? history ?? events;
  return Array.isArray(list) ? list.flat() : [];
}

function actionTurn(event: JsonObject): Turn | string | undefined {
  const { id, action, source, timestamp } = event;
  if (typeof action !== "string") return `observation/${event.observation}`;
  const { content, final_thought, thought } = objectOrEmpty(event.args);
  if (action === "finish") {
    const said = [final_thought, event.message, thought]
      .find((words) => typeof words === "string" && words !== "");
    return textTurn("assistant", said, { time: timestamp });
  }
  if (action !== "message") return `action/${action}`;
  const role = source === "agent" ? "assistant" : roleOf(source);
  return role === undefined
    ? `message/${source}`
    : textTurn(role, content ?? event.message, { id, time: timestamp });
}

function eventTurn(event: JsonObject): Turn | string | undefined {
  const { id, kind, source, timestamp, action } = event;
  if (kind === "ActionEvent") {
    const { kind: name, message } = objectOrEmpty(action);
    return name === "FinishAction"
      ? textTurn("assistant", message, { id, time: timestamp })
      : `event/${kind}`;
  }
  if (kind !== "MessageEvent") return `event/${kind}`;
  // An environment speaks in a user's role.
  if (source !== "user" && source !== "agent") return "message/environment";
  const { role, content } = objectOrEmpty(event.llm_message);
  return textTurn(roleOf(role), textOf(content), { id, time: timestamp });
}
