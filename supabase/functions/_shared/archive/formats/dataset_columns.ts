import type { JsonObject } from "../json.ts";

// Names are compared in lower case and without `_`, `-` and spaces; the surest come first.

/** Columns in which data sets keep what is asked. */
export const ASKED_COLUMNS = [
  "prompt",
  "userprompt",
  "question",
  "userinput",
  "userquery",
  "query",
  "input",
  "inputs",
  "inputtext",
  "instruction",
  "problem",
  "goal",
  "text",
  "user",
] as const;

/** Columns in which data sets keep what a model answered. */
export const ANSWER_COLUMNS = [
  "completion",
  "response",
  "answer",
  "actualoutput",
  "output",
  "outputs",
  "outputtext",
  "modelresponse",
  "modeloutput",
  "modelanswer",
  "generation",
  "generatedtext",
  "prediction",
  "assistant",
] as const;

/** Columns in which data sets keep what should be answered. */
export const EXPECTED_COLUMNS = [
  "expected",
  "expectedoutput",
  "expectedanswer",
  "expectedresponse",
  "ideal",
  "idealresponse",
  "target",
  "reference",
  "referenceanswer",
  "referenceoutput",
  "referenceoutputs",
  "groundtruth",
  "groundtruths",
  "gold",
  "golden",
  "goldanswer",
  "correctanswer",
  "correctlabel",
  "bestanswer",
  "answers",
  "solution",
  "sql",
  "label",
  "labels",
] as const;

// Everything else may hold something else, so an answer must be beside it.
const ASKED_ALONE = new Set([
  "prompt",
  "userprompt",
  "question",
  "userinput",
  "userquery",
  "input",
  "instruction",
]);
/** Columns that can be one of these by their names, the surest first. */
export interface Candidates {
  keys: string[];
  asked: string[];
  answers: string[];
  expected: string[];
}

// Rows of a file have the same columns, as a rule.
let latest: Candidates = { keys: [], asked: [], answers: [], expected: [] };

/** The columns of a record by their names. */
export function candidatesOf(record: JsonObject): Candidates {
  const keys = Object.keys(record);
  const isSame = keys.length === latest.keys.length &&
    keys.every((key, index) => key === latest.keys[index]);
  if (!isSame) latest = candidatesFor(keys);
  return latest;
}

function candidatesFor(keys: string[]): Candidates {
  const names = new Map(
    keys.toReversed().map((key) => [plainName(key), key] as const),
  );
  const named = (known: readonly string[]) =>
    known.map((name) => names.get(name)).filter((key) => key !== undefined);
  const answers = named(ANSWER_COLUMNS);
  const expected = named(EXPECTED_COLUMNS);
  const hasPartner = answers.length + expected.length > 0;
  const asked = named(ASKED_COLUMNS).filter((key) => {
    const name = plainName(key);
    // Elsewhere these are the name of a user, and a text to embed or to speak.
    if (name === "user" && !names.has("assistant")) return false;
    if (name === "input" && !hasPartner && names.has("model")) return false;
    return hasPartner || ASKED_ALONE.has(name);
  });
  return { keys, asked, answers, expected };
}

// Rows have the same few keys.
const plainNames = new Map<string, string>();
const MOST_KEYS = 10_000;

/** The name of a column as the lists have it. */
export function plainName(key: string): string {
  const known = plainNames.get(key);
  if (known !== undefined) return known;
  if (plainNames.size >= MOST_KEYS) plainNames.clear();
  const name = key.toLowerCase().replace(/[_\s-]/g, "");
  plainNames.set(key, name);
  return name;
}
