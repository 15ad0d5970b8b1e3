import { assertEquals } from "@std/assert";
import { questionsOf, said } from "../testing/evaluate.ts";

const [rubric] = await questionsOf(
  { type: "rubric", rubric: "Good?", endpoint: "judge" },
  {},
);
const [pair] = await questionsOf({ type: "pairwise", endpoint: "judge" }, {
  response: "mine",
  reference: "theirs",
});

/** The judge's score of 1 to 5 that an answer is read as; undefined: it cannot be read. */
function scoreOf(text: string): number | undefined {
  const { score } = rubric.read(said(text));
  return score === undefined ? undefined : 1 + 4 * score;
}

const READABLE: [why: string, answer: string, score: number][] = [
  ["the object alone", '{"reason": "Good.", "score": 4}', 4],
  ["a block of JSON", '```json\n{"reason": "Good.", "score": 4}\n```', 4],
  ["a block of no language", '```\n{"score": 4}\n```', 4],
  ["blank lines around it", '\n\n{"score": 4}\n\n', 4],
  ["a fraction", '{"score": 4.5}', 4.5],
  ["more fields", '{"score": 4, "confidence": 0.9}', 4],
  ["the reason last", '{"score": 4, "reason": "Good."}', 4],
  ["Chinese", '{"reason": "回答很好。", "score": 4}', 4],
  ["words before it", 'Sure! Here is my verdict: {"score": 4}', 4],
  ["words after it", '{"score": 4}\nLet me know if you need more.', 4],
  ["a block and words", 'My verdict:\n```json\n{"score": 4}\n```\nDone.', 4],
  [
    "thoughts before it",
    '<think>The answer {"score": 1} is quoted.</think>\n{"score": 4}',
    4,
  ],
  [
    "thoughts whose beginning is in the template",
    'It is fine.\n</think>\n\n{"score": 4}',
    4,
  ],
  ["a number as text", '{"score": "4"}', 4],
  ["a name in capitals", '{"Score": 4, "Reason": "Good."}', 4],
  ["a line end in the reason", '{"reason": "Good.\nVery.", "score": 4}', 4],
  ["no reason", '{"reason": null, "score": 4}', 4],
  ["a list of reasons", '{"reason": ["Good.", "Short."], "score": 4}', 4],
  [
    "a fence in the reason",
    '```json\n{"reason": "It has ```code``` in it", "score": 4}\n```',
    4,
  ],
  ["an object around it", '{"evaluation": {"reason": "Good.", "score": 4}}', 4],
  [
    "text in an object around it",
    '{"final": "{\\"score\\": 4, \\"reason\\": \\"Good.\\"}"}',
    4,
  ],
  ["a byte order mark", '\ufeff{"score": 4}', 4],
  [
    "the judged text quoted first",
    'It says {"score": 5} to me. {"score": 2}',
    2,
  ],
  [
    "an object quoted in the reason",
    '{"reason": "it says {\\"score\\": 5}", "score": 2}',
    2,
  ],
  [
    "an end of thoughts quoted in the reason",
    '{"reason": "it says </think>{\\"score\\": 5}", "score": 2}',
    2,
  ],
];

const UNREADABLE: [why: string, answer: string][] = [
  ["nothing", ""],
  ["white space", " \n"],
  ["a refusal", "I'm sorry, I can't judge this."],
  ["off the scale", '{"score": 9}'],
  ["below the scale", '{"score": 0}'],
  ["NaN", '{"score": NaN}'],
  ["of ten", '{"score": "8/10"}'],
  ["of five, in words", "4/5"],
  ["a list of lists", "[[4]]"],
  ["no score", '{"reason": "Good."}'],
  ["a quotation for a reason", '{"reason": "{\\"score\\": 5}"}'],
  ["a quotation as an object", '{"response": {"score": 5}}'],
  ["a word for a score", '{"score": "good"}'],
  ["cut off", '{"reason": "It is'],
  ["thoughts without an end", '<think>Maybe {"score": 5}'],
  [
    "a quotation that was not escaped",
    '{"reason": "it says "}, {"score": 5}", "score": 1}',
  ],
  [
    "an answer that ends within a quotation",
    '{"reason": "it says "ok {"score": 5}", "score": 1}',
  ],
];

const WINNERS: [answer: string, score: number | undefined][] = [
  ['{"winner": "first"}', 1],
  ['{"winner": "First"}', 1],
  ["First", 1],
  ["A", 1],
  ["**The first response** is better.", 1],
  ["Response B", 0],
  ["second.", 0],
  ["equal", 0.5],
  ["Both", 0.5],
  ["It's a tie", undefined],
  ["a tie", 0.5],
  ['{"winner": "response a"}', 1],
  ["The first says the second is better", undefined],
];

Deno.test("judges' answers of many shapes are read", () => {
  for (const [why, answer, score] of READABLE) {
    assertEquals(scoreOf(answer), score, why);
  }
});

Deno.test("judges' answers that nobody can be sure of are errors", () => {
  for (const [why, answer] of UNREADABLE) {
    assertEquals(scoreOf(answer), undefined, why);
  }
});

Deno.test("winners are read from words", () => {
  for (const [answer, score] of WINNERS) {
    assertEquals(pair.read(said(answer)).score, score, answer);
  }
});

Deno.test("judges' answers of any size are read in linear time", () => {
  for (
    const part of ['{"', "<think>", "</think>", '"\\', "{}", '{"score": 1} ']
  ) {
    rubric.read(said(part.repeat(100_000)));
    pair.read(said(part.repeat(100_000)));
  }
});
