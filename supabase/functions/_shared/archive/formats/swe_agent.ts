import type { Turn } from "../conversation.ts";
import {
  firstObject,
  type JsonObject,
  objectOrEmpty,
  objectsOf,
} from "../json.ts";
import { leaveOut } from "../left_out.ts";
import { conversationFormat, messageFormat } from "./format.ts";
import { roleOf } from "./role_of.ts";
import { textOf } from "./text_of.ts";
import { textTurn, turnsOf } from "./text_turn.ts";

const IGNORED = {
  "user/observation": "what a command answered",
  "author/tool": "what a command answered",
  "author/exit": "the end of the run",
  example: "a demonstration for the model",
};

/**
 * Trajectories of SWE-agent (`.traj`): `{history: [{role, content, message_type, is_demo}], trajectory,
 * info}`. The prompt is the first message to the model, with the issue in it; every later one in a
 * user's role is what a command answered.
 *
 * Source: SWE-agent/SWE-agent sweagent/agent/agents.py, sweagent/types.py.
 */
export const sweAgent = conversationFormat({
  name: "swe_agent",
  matches: (record) => {
    const first = firstObject(record.history);
    return first?.role !== undefined &&
      (first.message_type !== undefined || Array.isArray(record.trajectory));
  },
  ignored: IGNORED,
  read: (record) => [{
    id: record.instance_id ?? record.environment,
    turns: runTurns(objectsOf(record.history)),
  }],
});

/**
 * Trajectories of mini-swe-agent: `{trajectory_format: "mini-swe-agent-1", info, messages: [{role, content,
 * extra}]}`, read in the same way.
 *
 * Source: SWE-agent/mini-swe-agent src/minisweagent/run/utils/save.py.
 */
export const miniSweAgent = conversationFormat({
  name: "mini_swe_agent",
  matches: (record) =>
    typeof record.trajectory_format === "string" &&
    record.trajectory_format.startsWith("mini-swe-agent") &&
    Array.isArray(record.messages),
  ignored: IGNORED,
  read: (record) => {
    const { model } = objectOrEmpty(objectOrEmpty(record.info).config);
    return [{
      id: record.instance_id,
      model: objectOrEmpty(model).model_name,
      turns: runTurns(objectsOf(record.messages)),
    }];
  },
});

/** Its messages alone, as the first version saved them: a list in which commands answer `<returncode>…`. */
export const miniSweAgentMessages = messageFormat({
  name: "mini_swe_agent_messages",
  matches: ({ role, content }) =>
    role === "user" && textOf(content).startsWith("<returncode>"),
  ignored: IGNORED,
  open: () => {
    const messages: JsonObject[] = [];
    return {
      add: (message) => messages.push(message) > 0,
      build: () => [{ turns: runTurns(messages) }],
    };
  },
});

function runTurns(messages: JsonObject[]): Turn[] {
  let isAsked = false;
  return turnsOf(messages.map((message) => {
    const role = roleOf(message.role);
    if (message.is_demo === true || role === undefined) {
      const kind = message.is_demo === true
        ? "example"
        : `author/${message.role}`;
      leaveOut(kind, message);
      return undefined;
    }
    if (role === "user" && isAsked) {
      leaveOut("user/observation", message);
      return undefined;
    }
    const turn = textTurn(role, textOf(message.content));
    isAsked ||= role === "user" && turn !== undefined;
    return turn;
  }));
}
