import type { Turn } from "../conversation.ts";
import {
  isObject,
  type Json,
  type JsonObject,
  objectOrEmpty,
  textOrUndefined,
} from "../json.ts";
import { leaveOut } from "../left_out.ts";
import { rowConversation } from "./dataset_row.ts";
import { type ConversationBuilder, messageFormat } from "./format.ts";
import { loggedCall, loggedTurns } from "./logged_input.ts";
import { describeLastPrompt } from "./text_turn.ts";

/**
 * Samples of lm-evaluation-harness (`samples_<task>_<date>.jsonl`): `{doc_id, doc, target, arguments,
 * resps, filtered_resps, filter}`. The first argument is the prompt, text or JSON of messages. Each
 * filter of a task writes the same sample again, which counts once. Where likelihoods were asked for
 * there is no answer. github.com/EleutherAI/lm-evaluation-harness, lm_eval/loggers/evaluation_tracker.py.
 */
export const lmEval = messageFormat({
  name: "lm_eval",
  matches: (record) =>
    record.doc_id !== undefined &&
    (record.arguments !== undefined || isObject(record.doc)) &&
    (Array.isArray(record.resps) || Array.isArray(record.filtered_resps)),
  conversationOf: ({ doc_id }) => textOrUndefined(doc_id) ?? null,
  open: openSample,
});

function openSample(id: string | undefined): ConversationBuilder {
  let turns: Turn[] | undefined;
  return {
    add(record) {
      if (turns !== undefined) {
        leaveOut("filter", record, { filter: "the same sample once more" });
        return false;
      }
      turns = readSample(record);
      return true;
    },
    build: () => turns === undefined ? [] : [{ id, turns }],
  };
}

function readSample(record: JsonObject): Turn[] {
  const [context, settings] = argumentsOf(record.arguments);
  const said = firstText(record.resps);
  // A likelihood is a number, of the continuation that the second argument is.
  const isLikelihood = typeof settings === "string" ||
    !isObject(settings) && Number.isFinite(Number(said));
  const answer = isLikelihood ? undefined : said;
  // Some who publish samples leave what was sent out.
  const asked = record.arguments === undefined
    ? questionOf(objectOrEmpty(record.doc))
    : loggedTurns(context);
  const turns = loggedCall(asked, answer, {});
  const { target, doc } = record;
  describeLastPrompt(turns, {
    ...target !== undefined && { target },
    ...isObject(doc) && { doc: doc },
  });
  return turns;
}

function questionOf(doc: JsonObject): Turn[] {
  const row = rowConversation(doc, { firstText: true });
  return (row?.turns ?? []).filter(({ role }) => role === "user");
}

/** `{gen_args_0: {arg_0, arg_1}}`, in earlier versions `[[arg_0, arg_1]]`. */
function argumentsOf(value: Json | undefined): (Json | undefined)[] {
  if (Array.isArray(value)) return Array.isArray(value[0]) ? value[0] : value;
  const first = objectOrEmpty(Object.values(objectOrEmpty(value))[0]);
  return [first.arg_0, first.arg_1];
}

function firstText(value: Json | undefined): string | undefined {
  if (Array.isArray(value)) return firstText(value[0]);
  return typeof value === "string" ? value : undefined;
}
