import { type Choices, to } from "./here.ts";

/** Where an answer is looked at: among those of its experiment, or of its run. */
export function toAnswer(
  { experiment_name, run_id, results_table, id }: {
    experiment_name: string | null;
    run_id: number | null;
    results_table: string;
    id: number;
  },
  owner: string | null,
): string {
  const place = experiment_name === null && run_id !== null
    ? ["runs", run_id, "answers"]
    : ["experiments", experiment_name ?? "", "answers"];
  return to(place, { row: id, table: results_table, owner });
}

/** Where the answers of an experiment are looked at, one of an owner's by the choice `owner`. */
export function toAnswers(experiment: string, choices: Choices): string {
  return to(["experiments", experiment, "answers"], choices);
}
