import { type Ranked, type Sweep, variantOf } from "../data/sweeps.ts";
import { toMoney, toPercent, toScore } from "./formats.ts";
import { VisibleText } from "./visible_text.tsx";

/** Variants by one evaluator, the highest mean first: what was found of each, in words. */
export function Ranking({ sweep, ranked, costOf }: {
  sweep: Sweep;
  ranked: Ranked[];
  /** USD of an answer; null: nobody knows. */
  costOf(experiment: string): number | null;
}) {
  const first = ranked[0] && costOf(ranked[0].experiment_name);
  return (
    <ol class="reasons">
      {ranked.map((row, place) => (
        <li key={row.experiment_name}>
          <b>
            <VisibleText text={variantOf(sweep, row)} />
          </b>{" "}
          {toScore(row.score_mean)}: <VisibleText text={row.finding} />.{" "}
          {describeCost(
            costOf(row.experiment_name),
            place === 0 ? null : first,
          )} {describeDraws(row)}
        </li>
      ))}
    </ol>
  );
}

/** What an answer costs, beside one of the first; undefined: nobody knows. */
export function describeCost(
  each: number | null,
  first: number | null,
): string | undefined {
  if (each === null) return undefined;
  if (!first) return `${toMoney(each)} an answer.`;
  const share = Math.abs(each / first - 1);
  const words = share < 0.005
    ? "the same"
    : `${toPercent(share)} ${each < first ? "less" : "more"}`;
  return `${toMoney(each)} an answer, ${words}.`;
}

/** How reliable several answers to a prompt are; undefined: there is one, or nothing that passes. */
export function describeDraws(
  { k_drawn, pass_at_k, pass_hat_k }: Ranked,
): string | undefined {
  if ((k_drawn ?? 1) < 2 || pass_at_k === null || pass_hat_k === null) {
    return undefined;
  }
  return `Of ${k_drawn} answers to a prompt at least one passes with ${
    toPercent(pass_at_k)
  } of the prompts, all of them with ${toPercent(pass_hat_k)}.`;
}
