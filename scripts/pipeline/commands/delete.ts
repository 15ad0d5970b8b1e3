import type { SupabaseClient } from "@supabase/supabase-js";
import { type Command, EXIT, WrongUsage } from "../command.ts";
import { dataOf, openProject } from "../project_access.ts";
import { readArguments } from "../read_arguments.ts";
import { deleteObjects, listObjects } from "../source_objects.ts";
import { type Choice, expectStored, toChoice } from "../stored_results.ts";

/** A run that is to be deleted. */
interface Run {
  id: number;
  source: { type: string; bucket?: string; prefix?: string };
  succeeded: number;
  failed: number;
}

export const deleteResults: Command = {
  summary: "Delete a run or an experiment with all that it has stored",
  help: `Usage: deno task pipeline delete ID|EXPERIMENT [options]

Answers, scores, votes, prompts that nothing else refers to, tasks and errors go; runs must be over.

Options:
  --objects      the archives that the runs read go too, whoever else reads them
  --owner USER   the experiment of this user, by id (default: the project's own)
  --yes          do not ask
  --help

Exit code: 0 deleted, 1 there is none, or the answer was no, 2 wrong usage.

Examples:
  deno task pipeline delete 7
  deno task pipeline delete nightly --objects --yes`,
  async run(args, terminal) {
    const { values, positionals } = readArguments(args, ["ID|EXPERIMENT"], {
      objects: { type: "boolean" },
      owner: { type: "string" },
      yes: { type: "boolean" },
    });
    const { client } = openProject(terminal);
    const choice = toChoice(positionals[0], values.owner);
    const runs = await findRuns(client, choice);
    const objects = values.objects
      ? await listObjects(client, runs.map(({ source }) => source))
      : [];
    const prompts = runs.reduce(
      (sum, run) => sum + run.succeeded + run.failed,
      0,
    );
    const count = (number: number, noun: string) =>
      `${number} ${noun}${number === 1 ? "" : "s"}`;
    const what = [
      runs.length === 0
        ? "what was stored from outside"
        : `${count(runs.length, "run")} with ${count(prompts, "answer")}`,
      ...objects.length > 0 ? [count(objects.length, "archive")] : [],
    ].join(" and ");
    const isMeant = values.yes ||
      await terminal.confirm(`Delete ${what}?`);
    if (isMeant === null) {
      throw new WrongUsage(`Cannot ask whether to delete ${what}: give --yes`);
    }
    if (!isMeant) {
      terminal.complain("Nothing was deleted");
      return EXIT.failed;
    }
    const evaluations = await deleteAll(client, choice);
    await deleteObjects(client, objects);
    terminal.print(`Deleted ${evaluations} answers and what belongs to them`);
    return EXIT.done;
  },
};

async function findRuns(
  client: SupabaseClient,
  choice: Choice,
): Promise<Run[]> {
  const runs = client.from("pipeline_runs").select(
    "id, source, succeeded, failed",
  );
  const found = dataOf(
    "find the runs",
    await ("runId" in choice
      ? runs.eq("id", choice.runId)
      : runs.eq("experiment_name", choice.experimentName)
        .filter("owner", choice.owner === null ? "is" : "eq", choice.owner)),
  );
  // Answers from outside are stored without a run.
  if (found.length === 0) await expectStored(client, choice);
  return found;
}

/** @returns how many answers were deleted */
async function deleteAll(
  client: SupabaseClient,
  choice: Choice,
): Promise<number> {
  let evaluations = 0;
  let step: { evaluations: number; isGone: boolean };
  do {
    step = dataOf(
      "delete it",
      await ("runId" in choice
        ? client.rpc("delete_pipeline_run", { run_id: choice.runId })
        : client.rpc("delete_experiment", {
          experiment_name: choice.experimentName,
          owner: choice.owner,
        })),
    );
    evaluations += step.evaluations;
  } while (!step.isGone);
  return evaluations;
}
