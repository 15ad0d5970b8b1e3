import type { SupabaseClient } from "@supabase/supabase-js";
import type { Command } from "../command.ts";
import { callUntilOver, dataOf, openProject } from "../project_access.ts";
import { readArguments, switches, texts } from "../read_arguments.ts";
import { deleteIfMeant } from "../run_action.ts";
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

Exit code: 0 deleted, 1 there is none, or the answer was no, 2 wrong usage.

Examples:
  deno task pipeline delete 7
  deno task pipeline delete nightly --objects --yes`,
  async run(args, terminal) {
    const { values, positionals } = readArguments(args, ["ID|EXPERIMENT"], {
      ...texts("owner"),
      ...switches("objects", "yes"),
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
    return await deleteIfMeant(what, values, terminal, async () => {
      const evaluations = "runId" in choice
        ? await callUntilOver(client, "delete it", "delete_pipeline_run", {
          run_id: choice.runId,
        })
        : await callUntilOver(client, "delete it", "delete_experiment", {
          experiment_name: choice.experimentName,
          owner: choice.owner,
        });
      await deleteObjects(client, objects);
      terminal.print(`Deleted ${evaluations} answers and what belongs to them`);
    });
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
