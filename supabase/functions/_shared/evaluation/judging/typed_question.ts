import * as z from "zod";
import { numberFrom } from "./number_from.ts";

/** What an API of typed questions is asked for: one of several words, a number, or how true a claim is. */
export type TypedForm =
  | { type: "choice"; choices: readonly string[] }
  | { type: "score"; min: number; max: number }
  | { type: "predicate"; claim: string };

/** What it said: the word, the number or the probability, with the probabilities of all there is. */
export interface TypedAnswer {
  value: string | number;
  probabilities: Record<string, number>;
}

/** More levels no scale may have: an eleventh is refused (openai/openai-openapi, QuestionParamScore). */
const MOST_LEVELS = 10;

/**
 * A question as OpenAI's Decisions API takes it (openai/openai-python,
 * `types/decision_create_params.py`). Of a scale with more than ten steps ten levels are asked for.
 */
export function toWireQuestion(
  form: TypedForm,
  name: string,
  instructions: string,
) {
  const asked = { type: form.type, name, instructions };
  switch (form.type) {
    case "choice":
      return { ...asked, choices: form.choices.map((value) => ({ value })) };
    case "score":
      return {
        ...asked,
        levels: levelsOf(form).map((level) => ({ label: `${level}` })),
      };
    case "predicate":
      return { ...asked, instructions: `${instructions}\n\n${form.claim}` };
  }
}

/** The numbers that a scale is asked in, lowest first. */
function levelsOf({ min, max }: { min: number; max: number }): number[] {
  const steps = Number.isInteger(min) && Number.isInteger(max)
    ? Math.min(max - min, MOST_LEVELS - 1)
    : MOST_LEVELS - 1;
  return Array.from(
    { length: steps + 1 },
    (_, level) => round(min + (max - min) * level / steps),
  );
}

const probability = numberFrom(0, 1);
const said = z.object({ answers: z.array(z.unknown()) });

/**
 * Reads the answer to one of the questions that were asked together, by its name, or else by its place:
 * an API may leave the names out (`types/decision.py`).
 *
 * @throws {Error} saying why there is none
 */
export function readTypedAnswer(
  text: string,
  form: TypedForm,
  { name, place }: { name: string; place: number },
): TypedAnswer {
  const { answers } = said.parse(JSON.parse(text));
  const nameOf = (answer: unknown) =>
    (answer as { name?: unknown } | null | undefined)?.name ?? undefined;
  const answer = answers.find((answer) => nameOf(answer) === name) ??
    // One of another name is the answer to another question.
    (nameOf(answers[place]) === undefined ? answers[place] : undefined);
  const { type } = z.object({ type: z.string() }).parse(answer);
  if (type === "refusal") throw new Error("it declined to answer");
  if (type !== form.type) throw new Error(`it answered a ${type}`);
  return READERS[form.type](answer, form as never);
}

const READERS = {
  choice(answer: unknown, { choices }: { choices: readonly string[] }) {
    const { choice, probabilities } = z.object({
      choice: z.enum(choices),
      probabilities: z.array(z.object({ value: z.string(), probability })),
    }).parse(answer);
    return { value: choice, probabilities: toMap(probabilities) };
  },
  score(answer: unknown, form: { min: number; max: number }) {
    const levels = levelsOf(form);
    const last = levels.length - 1;
    const { score, probabilities } = z.object({
      score: numberFrom(0, last),
      probabilities: z.array(
        z.object({ value: z.int().min(0).max(last), probability }),
      ),
    }).parse(answer);
    return {
      // The expected place among the levels, which are evenly spaced.
      value: round(form.min + (form.max - form.min) * score / last),
      probabilities: toMap(
        probabilities.map(({ value, probability }) => ({
          value: `${levels[value]}`,
          probability,
        })),
      ),
    };
  },
  predicate(answer: unknown) {
    const { probability: isTrue } = z.object({ probability }).parse(answer);
    return {
      value: isTrue,
      probabilities: { true: isTrue, false: round(1 - isTrue) },
    };
  },
};

function toMap(
  listed: { value: string; probability: number }[],
): Record<string, number> {
  return Object.fromEntries(
    listed.map(({ value, probability }) => [value, probability]),
  );
}

/** Without the dust of binary fractions. */
function round(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}
