import { assertEquals } from "@std/assert";
import type { Agreement } from "../../dashboard/browser/data/agreement_answer.ts";
import { toDisagreements, toFigures } from "./describe_agreement.ts";

const none = { value: null, low: null, high: null };
const agreement = {
  chosen: "random",
  answers: 80,
  left_out: 0,
  people: ["ann", "bob"],
  note: null,
  confusion: { both_pass: 40, only_people: 4.5, only_judge: 8, both_fail: 27 },
  agreement: { value: 0.8375, low: 0.74, high: 0.9 },
  tpr: { value: 0.888889, low: 0.765009, high: 0.951595 },
  tnr: none,
  kappa: none,
  alpha: null,
  alpha_of_people: none,
  disagreements: [{
    id: 7,
    experiment_name: "new",
    prompt: "Why?",
    response: "So.",
    share: 0.5,
    judge: { passed: true, explanation: "5 of 5" },
    people: [
      { person: "ann", passed: false, remark: "rude" },
      { person: "bob", passed: null, remark: null },
    ],
  }],
  more: 0,
} as unknown as Agreement;

Deno.test("toFigures() shows what is known, with its interval", () => {
  const figures = toFigures(agreement);
  assertEquals(figures[0], { what: "both pass", value: "40", "95 %": "" });
  assertEquals(figures[1].value, "4.500");
  assertEquals(figures.find(({ what }) => what === "people pass, it passes"), {
    what: "people pass, it passes",
    value: "0.889",
    "95 %": "0.765 to 0.952",
  });
  assertEquals(figures.at(-1)?.value, "");
});

Deno.test("toDisagreements() says who said what", () => {
  assertEquals(toDisagreements(agreement), [{
    id: 7,
    prompt: "Why?",
    response: "So.",
    evaluator: "pass",
    people: "ann: fail, bob: ",
    remark: "rude",
    explanation: "5 of 5",
  }]);
});
