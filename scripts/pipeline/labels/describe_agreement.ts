import type {
  Agreement,
  Estimate,
} from "../../dashboard/browser/data/agreement_answer.ts";
import { formatInterval } from "../format_values.ts";

/** Rows of the figures: what, its value and its interval. */
export function toFigures(agreement: Agreement): Record<string, string>[] {
  const { both_pass, only_people, only_judge, both_fail } = agreement.confusion;
  const cells = { both_pass, only_people, only_judge, both_fail };
  return [
    ...Object.entries(cells).map(([name, value]) => ({
      what: name.replace("_", " "),
      value: formatNumber(value),
      "95 %": "",
    })),
    ...([
      ["agreement", agreement.agreement],
      ["people pass, it passes", agreement.tpr],
      ["people fail, it fails", agreement.tnr],
      ["kappa", agreement.kappa],
      ["alpha", agreement.alpha],
      ["alpha of people", agreement.alpha_of_people],
    ] as [string, Estimate | null][]).map(([what, told]) => ({
      what,
      value: formatNumber(told?.value ?? null),
      "95 %": formatInterval(
        told?.low ?? null,
        told?.high ?? null,
        (end) => end.toFixed(3),
      ),
    })),
  ];
}

/** Rows of the answers on which people and the evaluator differ. */
export function toDisagreements(
  { disagreements }: Agreement,
): Record<string, unknown>[] {
  return disagreements.map(({ id, prompt, response, judge, people }) => ({
    id,
    prompt,
    response,
    evaluator: toWord(judge.passed),
    people: people.map(({ person, passed }) => `${person}: ${toWord(passed)}`)
      .join(", "),
    remark: people.map(({ remark }) => remark).filter(Boolean).join(" | "),
    explanation: judge.explanation,
  }));
}

function toWord(passed: boolean | null): string {
  return passed === null ? "" : passed ? "pass" : "fail";
}

function formatNumber(value: number | null): string {
  if (value === null) return "";
  return Number.isInteger(value) ? String(value) : value.toFixed(3);
}
