import { assertEquals, assertThrows } from "@std/assert";
import {
  readTypedAnswer,
  toWireQuestion,
  type TypedForm,
} from "./typed_question.ts";

const tone: TypedForm = { type: "choice", choices: ["kind", "rude"] };
const grade: TypedForm = { type: "score", min: 1, max: 5 };
const claim: TypedForm = { type: "predicate", claim: "It is true." };

function read(answer: unknown, form: TypedForm) {
  return readTypedAnswer(JSON.stringify({ answers: [answer] }), form, {
    name: "q",
    place: 0,
  });
}

Deno.test("toWireQuestion() writes each kind as the Decisions API takes it", () => {
  assertEquals<unknown>(toWireQuestion(tone, "q", "What is the tone?"), {
    type: "choice",
    name: "q",
    instructions: "What is the tone?",
    choices: [{ value: "kind" }, { value: "rude" }],
  });
  assertEquals<unknown>(toWireQuestion(grade, "q", "How good?"), {
    type: "score",
    name: "q",
    instructions: "How good?",
    levels: ["1", "2", "3", "4", "5"].map((label) => ({ label })),
  });
  assertEquals<unknown>(toWireQuestion(claim, "q", "Judge."), {
    type: "predicate",
    name: "q",
    instructions: "Judge.\n\nIt is true.",
  });
});

Deno.test("toWireQuestion() asks in ten levels where a scale has more steps, or none", () => {
  const levels = (min: number, max: number) =>
    (toWireQuestion({ type: "score", min, max }, "q", "") as {
      levels: { label: string }[];
    }).levels.map(({ label }) => label);
  assertEquals(levels(0, 9).length, 10);
  assertEquals(levels(0, 90), [
    ...["0", "10", "20", "30", "40", "50", "60", "70", "80", "90"],
  ]);
  assertEquals(levels(0, 0.9).at(1), "0.1");
});

Deno.test("readTypedAnswer() gives the choice and all probabilities", () => {
  assertEquals(
    read({
      type: "choice",
      name: "q",
      choice: "kind",
      confidence: 0.8,
      probabilities: [
        { value: "kind", probability: 0.9 },
        { value: "rude", probability: 0.1 },
      ],
    }, tone),
    { value: "kind", probabilities: { kind: 0.9, rude: 0.1 } },
  );
});

Deno.test("readTypedAnswer() puts the expected level on the scale", () => {
  assertEquals(
    read({
      type: "score",
      name: "q",
      score: 3.4,
      confidence: 0.5,
      probabilities: [
        { value: 3, label: "4", probability: 0.6 },
        { value: 4, label: "5", probability: 0.4 },
      ],
    }, grade),
    { value: 4.4, probabilities: { 4: 0.6, 5: 0.4 } },
  );
});

Deno.test("readTypedAnswer() gives the probability of a claim", () => {
  assertEquals(
    read({ type: "predicate", name: null, probability: 0.7 }, claim),
    {
      value: 0.7,
      probabilities: { true: 0.7, false: 0.3 },
    },
  );
});

Deno.test("readTypedAnswer() goes by name before place", () => {
  const text = JSON.stringify({
    answers: [
      { type: "predicate", name: "other", probability: 0.1 },
      { type: "predicate", name: "q", probability: 0.9 },
    ],
  });
  assertEquals(
    readTypedAnswer(text, claim, { name: "q", place: 0 }).value,
    0.9,
  );
});

Deno.test("readTypedAnswer() says why there is no answer", () => {
  assertThrows(
    () => read({ type: "refusal", name: "q" }, tone),
    Error,
    "declined",
  );
  assertThrows(() => read({ type: "score" }, tone), Error, "answered a score");
  for (
    const answer of [
      undefined,
      null,
      { type: "predicate", probability: 1.2 },
      { type: "predicate", probability: "high" },
    ]
  ) {
    assertThrows(() => read(answer, claim));
  }
  assertThrows(() =>
    read({ type: "choice", choice: "blue", probabilities: [] }, tone)
  );
  assertThrows(() =>
    read({ type: "score", score: 9, probabilities: [] }, grade)
  );
  assertThrows(() => readTypedAnswer("[]", claim, { name: "q", place: 0 }));
});

Deno.test("readTypedAnswer() takes no answer to another question for one that is missing", () => {
  const other = { type: "predicate", name: "other", probability: 0.9 };
  assertThrows(() => read(other, claim));
  assertEquals(read({ ...other, name: null }, claim).value, 0.9);
});
