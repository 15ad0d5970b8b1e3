import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import type { SupabaseClient } from "@supabase/supabase-js";
import { PipelineError } from "../../../supabase/functions/_shared/errors.ts";
import { type Command, EXIT, WrongUsage } from "../command.ts";
import { describeGate } from "../gate/describe_gate.ts";
import type { GateAnswer, Verdict } from "../gate/gate_answer.ts";
import { writeJunitReport } from "../gate/junit_report.ts";
import { writeComment } from "../gate/write_comment.ts";
import { call, dataOf, openProject } from "../project_access.ts";
import { readArguments, switches, texts } from "../read_arguments.ts";
import { toVisibleJson } from "../visible_text.ts";

/** Exit codes of this command alone: 2 is whatever is no verdict, so that nothing else looks like one. */
const EXIT_OF = new Map<Verdict, number>([
  ["pass", 0],
  ["regression", 1],
  ["worse", 1],
  ["undecided", 3],
]);

export const gate: Command = {
  summary: "Whether an experiment may take the place of another, as exit code",
  help: `Usage: deno task pipeline gate BASELINE CANDIDATE [options]

Both are experiments, or run:ID for the experiment of a run; BASELINE may be the name of a baseline that
approve has set. Of every evaluator the 95 % interval of the difference is held against a margin, 0.05
unless the policy says otherwise. What the candidate lacks, a score or an answer, counts as 0.

Options:
  --policy FILE      JSON: {"margin": 0.05, "allowWithinMargin": false, "maxNewlyFailed": 0,
                     "requiredPrompts": ["KEY"], "evaluators": {"exact-match": {"margin": 0.02}}};
                     all may be left out; with evaluators only those are asked
  --junit FILE       write JUnit XML, a test case for each evaluator
  --comment FILE     write Markdown, for a comment or a job's summary
  --owner USER       the experiments of this user, by id (default: the project's own)
  --json             the whole answer

Exit code, of this command alone: 0 pass, 1 regression or worse than the margin, 3 undecided, 2 no
verdict: wrong usage, an unknown name, a policy that is wrong, a project that cannot be reached.

Examples:
  deno task pipeline gate before after
  deno task pipeline gate approved pr-7 --policy gate.json --junit gate.xml --comment gate.md`,
  errorCode: EXIT.wrongUsage,
  async run(args, terminal) {
    const { values, positionals: [baseline, candidate] } = readArguments(
      args,
      ["BASELINE", "CANDIDATE"],
      { ...texts("policy", "junit", "comment", "owner"), ...switches("json") },
    );
    const policy = values.policy ? await readPolicy(values.policy) : {};
    const owner = values.owner ?? null;
    const { client } = openProject(terminal);
    const answer = await call<GateAnswer>(client, "gate", "gate_experiments", {
      baseline: await toExperiment(client, baseline, owner),
      candidate: await toExperiment(client, candidate, owner),
      policy,
      owner,
    });
    await write(values.junit, writeJunitReport(answer));
    await write(values.comment, writeComment(answer));
    if (values.json) terminal.print(toVisibleJson(answer));
    else describeGate(answer).forEach((line) => terminal.print(line));
    return EXIT_OF.get(answer.verdict) ?? EXIT.wrongUsage;
  },
};

/** The experiment that is meant. @throws {WrongUsage} another owner's run: the name alone would be another experiment */
export async function toExperiment(
  client: SupabaseClient,
  text: string,
  owner: string | null,
): Promise<string> {
  const id = /^run:(\d{1,15})$/.exec(text)?.[1];
  if (id === undefined) return text;
  const [run] = dataOf(
    `find run ${id}`,
    await client.from("pipeline_runs").select("experiment_name, owner").eq(
      "id",
      id,
    ),
  );
  if (!run) throw new PipelineError("not_found", `Cannot find run ${id}`);
  if (run.owner !== owner) {
    throw new WrongUsage(
      run.owner === null
        ? `Cannot gate run ${id}: it is the project's own, leave --owner out`
        : `Cannot gate run ${id}: it is of another user, give --owner ${run.owner}`,
    );
  }
  return run.experiment_name;
}

async function readPolicy(file: string): Promise<unknown> {
  try {
    // The database checks it, for every way in.
    return JSON.parse(await readFile(file, "utf8"));
  } catch (error) {
    throw new WrongUsage(
      `Cannot use --policy ${file}: ${(error as Error).message}`,
    );
  }
}

async function write(file: string | undefined, text: string): Promise<void> {
  if (file === undefined) return;
  try {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
  } catch (error) {
    throw new WrongUsage(`Cannot write ${file}: ${(error as Error).message}`);
  }
}
