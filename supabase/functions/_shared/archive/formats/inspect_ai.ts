import type { Turn } from "../conversation.ts";
import { type JsonObject, objectOrEmpty, objectsOf } from "../json.ts";
import { leaveOut } from "../left_out.ts";
import { conversationFormat, type ReadConversation } from "./format.ts";
import { listTurns } from "./list_turns.ts";
import { loggedAnswer, loggedCall, loggedTurns } from "./logged_input.ts";
import { describeLastPrompt } from "./text_turn.ts";

/**
 * Logs of Inspect: `{version, eval, samples: [{id, epoch, input, target, messages, output, scores}]}`, or
 * a sample per entry of a `.eval`, which is a zip. Prompts are the messages whose `source` is `input`; an
 * agent writes others to itself. Summaries of samples repeat them. inspect.aisi.org.uk/eval-logs.html.
 */
export const inspectAi = conversationFormat({
  name: "inspect_ai",
  matches: (record) =>
    isSample(record) || objectsOf(record.samples).some(isSample),
  read: (record) =>
    (isSample(record) ? [record] : objectsOf(record.samples).filter(isSample))
      .map(readSample),
});

function isSample(record: JsonObject): boolean {
  return typeof record.epoch === "number" && record.input !== undefined &&
    (record.target !== undefined || record.scores !== undefined) &&
    record.id !== undefined;
}

function readSample(sample: JsonObject): ReadConversation | undefined {
  const { id, epoch, messages, output } = sample;
  if (messages === undefined && output === undefined) {
    leaveOut("summary", sample, { summary: "repeats a sample" });
    return undefined;
  }
  const turns = turnsOf(sample);
  describeLastPrompt(turns, metadataOf(sample));
  return {
    id: epoch === 1 ? id : `${id} (${epoch})`,
    model: objectOrEmpty(output).model,
    turns,
  };
}

function turnsOf({ input, messages, output, attachments }: JsonObject): Turn[] {
  const list = objectsOf(messages);
  const hasSources = list.some(({ source }) => source === "input");
  const own = listTurns(list.filter((message) => {
    const isOwn = message.role !== "user" || !hasSources ||
      message.source === "input" || message.source === "operator";
    if (!isOwn) leaveOut("user", message, { user: "an agent's to itself" });
    return isOwn;
  }));
  const turns = own.some(({ role }) => role === "user")
    ? own
    : loggedTurns(input);
  const texts = objectOrEmpty(attachments);
  return loggedCall(turns, loggedAnswer(output), {}).map((turn) => ({
    ...turn,
    text: turn.text.replace(
      /attachment:\/\/([0-9a-f]{32})/g,
      (link, hash) => String(texts[hash] ?? link),
    ),
  }));
}

function metadataOf(sample: JsonObject): JsonObject {
  const { target, choices, scores, metadata, epoch } = sample;
  const values = Object.entries(objectOrEmpty(scores))
    .map(([name, score]) => [name, objectOrEmpty(score).value ?? null]);
  return {
    ...objectOrEmpty(metadata),
    ...target !== undefined && { target },
    ...choices !== undefined && choices !== null && { choices },
    ...values.length > 0 && { scores: Object.fromEntries(values) },
    epoch,
  };
}
