import { readComparison, readPairs, type Sides } from "./comparison.ts";
import {
  isOf,
  readExperimentCosts,
  readExperimentNames,
  readExperiments,
  readExperimentScores,
} from "./experiments.ts";
import { readFailureGroups } from "./failures.ts";
import { recordAnswers, type Recorded } from "./recording.ts";
import { readAnswer } from "./whole_answer.ts";

/** Prompts of each kind that are recorded with both answers whole. */
const WHOLE_PAIRS = 50;

const KINDS = ["worse", "better", "lost", "gained", "different", "all"];

/**
 * Records what a file needs to show a comparison: totals, prompts by evaluator and kind, the answers
 * that got worse, better or lost most, errors by kind. What other experiments and owners have stays out.
 */
export async function recordComparison(sides: Sides): Promise<Recorded> {
  const names = [sides.baseline, sides.candidate];
  const recorded = await recordAnswers(async (signal) => {
    const experiments = (await readExperimentNames(signal)).filter((named) =>
      names.some((experiment_name) =>
        isOf(named, { experiment_name, owner: sides.owner })
      )
    );
    const [comparison] = await Promise.all([
      readComparison(sides, signal),
      readExperiments(experiments, signal),
      readExperimentScores(experiments, signal),
      readExperimentCosts(experiments, signal),
      ...names.map((experiment) => readFailureGroups({ experiment }, signal)),
    ]);
    const answers = new Map<number, string>();
    for (const { compared } of comparison) {
      const evaluator = compared === "success" ? null : compared;
      for (const show of KINDS) {
        const { rows } = await readPairs(
          sides,
          { evaluator, show, after: null },
          signal,
        );
        for (const pair of rows.slice(0, WHOLE_PAIRS)) {
          answers.set(pair.baseline_id, pair.baseline_table);
          answers.set(pair.candidate_id, pair.candidate_table);
        }
      }
    }
    for (const [id, table] of answers) await readAnswer(table, id, signal);
  });
  const kept: Recorded = {};
  for (const [question, answer] of Object.entries(recorded)) {
    const first = toPage(question, 0);
    const ours = onlyOf(sides, answer);
    kept[first] = first in kept ? [kept[first], ours].flat() : ours;
  }
  // Few rows are left of all pages: readAll() shall find them on the first, and nothing behind it.
  for (const [question, rows] of Object.entries(kept)) {
    if (Array.isArray(rows)) kept[toPage(question, rows.length)] ??= [];
  }
  return kept;
}

/** The question for rows from another one on, where it asks for pages. */
function toPage(question: string, from: number): string {
  return question.replace(/(?<=[?&]offset=)\d+/, String(from));
}

/** An answer without rows and siblings of other experiments. */
function onlyOf(sides: Sides, answer: unknown): unknown {
  const names = [sides.baseline, sides.candidate];
  const isOurs = (row: unknown) =>
    !(row instanceof Object && "experiment_name" in row) ||
    names.includes(row.experiment_name as string) &&
      // Siblings have no owner: they are of the answer's.
      (!("owner" in row) || row.owner === sides.owner);
  if (Array.isArray(answer)) return answer.filter(isOurs);
  if (answer instanceof Object && "siblings" in answer) {
    return {
      ...answer,
      siblings: (answer.siblings as unknown[]).filter(isOurs),
    };
  }
  return answer;
}
