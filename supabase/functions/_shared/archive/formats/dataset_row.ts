import { conversationIdOf } from "../conversation_id.ts";
import type { Conversation, Turn } from "../conversation.ts";
import {
  isObject,
  type Json,
  type JsonObject,
  textOrUndefined,
} from "../json.ts";
import { leaveOut } from "../left_out.ts";
import {
  ANSWER_COLUMNS,
  candidatesOf,
  EXPECTED_COLUMNS,
  plainName,
} from "./dataset_columns.ts";
import { humanAssistantTurns } from "./human_assistant_text.ts";
import { loggedAnswer, loggedTurns } from "./logged_input.ts";
import { textTurn, turnsOf, withSystem } from "./text_turn.ts";

const ABOUT = new Set(["id", "model", "system", "systemprompt", "metadata"]);
const TIME_KEYS = [
  "created_at",
  "timestamp",
  "datetime_utc",
  "createdAt",
  "created",
  "time",
  "date",
];

const KNOWN_ANSWERS: ReadonlySet<string> = new Set([
  ...ANSWER_COLUMNS,
  ...EXPECTED_COLUMNS,
]);

interface Columns {
  asked?: string;
  answer?: string;
  expected?: string;
}

/** How a row is read where its columns do not say what they are. */
export interface RowChoices {
  /** Take the first text for the prompt. */
  firstText?: boolean;
}

/** True for a row with a column of what is asked, and where that name says too little one of an answer. */
export function isDatasetRow(record: JsonObject): boolean {
  const { asked } = columnsOf(record);
  return asked !== undefined;
}

/**
 * The conversation that a row of a data set is: what is asked, with what a model answered, or else
 * what is expected, as the reference. All other columns, and those of an object `metadata`, become
 * metadata of the prompt. Undefined where nothing is asked.
 */
export function rowConversation(
  record: JsonObject,
  choices: RowChoices = {},
): Conversation | undefined {
  const columns = columnsOf(record, choices);
  columns.asked ??= choices.firstText ? firstText(record) : undefined;
  const { asked } = columns;
  if (asked === undefined) {
    leaveOut("row without a prompt", record);
    return undefined;
  }
  const turns = askedTurns(record[asked], choices);
  const last = turns.findLast(({ role }) => role === "user");
  if (last === undefined) return undefined;
  // A talk that was answered needs no other answer.
  const isOpen = turns.at(-1)?.role !== "assistant";
  const { reference, metadata } = restOf(record, isOpen ? columns : { asked });
  if (metadata !== undefined) last.metadata = metadata;
  const time = TIME_KEYS.map((key) => record[key])
    .find((value) => value !== undefined);
  const all = withSystem(
    record.system ?? record.system_prompt,
    turnsOf([...turns, textTurn("assistant", reference)]),
  );
  for (const turn of all) turn.time ??= time;
  return {
    id: conversationIdOf(record) ?? textOrUndefined(record.id),
    model: textOrUndefined(record.model),
    turns: all,
  };
}

/** What is expected of the answer to a row whose prompt is found in another way; undefined if nothing. */
export function expectedOf(
  record: JsonObject,
  asked: string,
): Pick<Turn, "metadata"> & { reference: string | undefined } | undefined {
  const { expected } = columnsOf(record);
  return expected === undefined
    ? undefined
    : restOf(record, { asked, expected });
}

/**
 * A row whose columns are variables of a template: all of them become metadata of a prompt without
 * text, but for the one with the answer, which is its reference, and empty ones. Undefined for an
 * empty row.
 */
export function rowOfVariables(record: JsonObject): Conversation | undefined {
  const { answer, expected } = columnsOf(record);
  const [used, reference] = referenceOf(record, { answer, expected });
  const variables = Object.entries(record).filter(([key, value]) =>
    key !== used && value !== undefined && value !== null && value !== ""
  ) as [string, Json][];
  if (variables.length === 0) {
    leaveOut("row without a value", record);
    return undefined;
  }
  return {
    turns: turnsOf([
      { role: "user", text: "", metadata: Object.fromEntries(variables) },
      textTurn("assistant", reference),
    ]),
  };
}

function referenceOf(record: JsonObject, { answer, expected }: Columns) {
  return [answer, expected]
    .map((key) => [key, key && answerText(record[key])] as const)
    .find(([, text]) => text) ?? [];
}

function restOf(record: JsonObject, { asked, answer, expected }: Columns) {
  const [used, reference] = referenceOf(record, { answer, expected });
  const metadata: Record<string, Json> = {
    ...isObject(record.metadata) ? record.metadata as typeof metadata : {},
  };
  for (const [key, value] of Object.entries(record)) {
    if (value === undefined || value === null || value === "") continue;
    if (ABOUT.has(plainName(key)) || key === asked && !isVariables(value)) {
      continue;
    }
    // One of several right answers is the reference, and all are needed.
    const isWhole = key === used && !(Array.isArray(value) && value.length > 1);
    if (!isWhole && !TIME_KEYS.includes(key)) metadata[key] = value;
  }
  return {
    reference,
    metadata: Object.keys(metadata).length > 0 ? metadata : undefined,
  };
}

/** True for an object that is more than a request: a template may name its members. */
function isVariables(value: Json): boolean {
  return isObject(value) && !Object.values(value).some(Array.isArray);
}

function columnsOf(record: JsonObject, choices: RowChoices = {}): Columns {
  const { asked, answers, expected } = candidatesOf(record);
  const isThere = (key: string) => (record[key] ?? "") !== "";
  return {
    asked: asked.find((key) => isAsked(record[key], choices)),
    answer: answers.find(isThere),
    expected: expected.find(isThere),
  };
}

function isAsked(value: Json | undefined, choices: RowChoices): boolean {
  return typeof value === "string"
    ? /\S/.test(value)
    : askedTurns(value, choices).some(({ role }) => role === "user");
}

function askedTurns(
  value: Json | undefined,
  { firstText: first }: RowChoices = {},
): Turn[] {
  if (typeof value !== "string") {
    const turns = loggedTurns(value);
    if (turns.length > 0 || !first || !isObject(value)) return turns;
    const key = firstText(value);
    return key === undefined ? [] : loggedTurns(value[key]);
  }
  // A cell may hold messages as JSON; other JSON is what is asked.
  const messages = /^\s*\[\s*\{/.test(value) ? loggedTurns(value) : [];
  return messages.some(({ text }) => text !== value)
    ? messages
    : humanAssistantTurns(value) ?? [{ role: "user", text: value }];
}

function firstText(record: JsonObject): string | undefined {
  return Object.keys(record).find((key) => {
    const [name, value] = [plainName(key), record[key]];
    return typeof value === "string" && /\S/.test(value) &&
      !ABOUT.has(name) && !TIME_KEYS.includes(key) && !KNOWN_ANSWERS.has(name);
  });
}

/** An answer as text: the first of several, the words of a message, or else its JSON. */
function answerText(value: Json | undefined): string | undefined {
  if (value === undefined || value === null || value === "") return undefined;
  if (typeof value === "string") return value;
  if (Array.isArray(value) && !value.some(isObject)) {
    return answerText(value[0]);
  }
  if (typeof value !== "object") return String(value);
  const text = loggedAnswer(value);
  if (text !== undefined) return text;
  if (!isObject(value)) return JSON.stringify(value);
  // SQuAD: {text: [...], answer_start: [...]}.
  if (Array.isArray(value.text)) return answerText(value.text);
  const [only, another] = Object.keys(value);
  return another === undefined && only !== undefined &&
      KNOWN_ANSWERS.has(plainName(only))
    ? answerText(value[only])
    : JSON.stringify(value);
}
