import { type Command, EXIT, WrongUsage } from "../command.ts";
import { drawTable } from "../draw_table.ts";
import { followRun } from "../follow_run.ts";
import { dataOf, openProject } from "../project_access.ts";
import { readArguments, toNumber } from "../read_arguments.ts";

const json = { json: { type: "boolean", default: false } } as const;

/** @throws {WrongUsage} it is no id */
export function toRunId(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new WrongUsage(`Cannot use "${text}": give the id of a run`);
}

export const follow: Command = {
  summary: "Follow a run until it is over",
  help: `Usage: deno task pipeline follow ID [--json]

Exit code: 0 completed, 3 completed and a prompt failed, 4 failed, paused or cancelled,
130 following was interrupted (the run goes on), 2 wrong usage.

Example:
  deno task pipeline follow 7`,
  run(args, terminal) {
    const { values, positionals } = readArguments(args, ["ID"], json);
    return followRun(
      openProject(terminal).client,
      toRunId(positionals[0]),
      terminal,
      values.json,
    );
  },
};

export const list: Command = {
  summary: "The newest runs",
  help: `Usage: deno task pipeline list [--limit N] [--json]

Example:
  deno task pipeline list --limit 5`,
  async run(args, terminal) {
    const { values } = readArguments(args, [], {
      ...json,
      limit: { type: "string", default: "20" },
    });
    const rows = dataOf(
      "list the runs",
      await openProject(terminal).client.from("pipeline_run_progress").select()
        .order("id", { ascending: false })
        .limit(toNumber("limit", values.limit)!),
    );
    terminal.print(
      values.json ? JSON.stringify(rows) : drawTable(rows, [
        "id",
        "experiment_name",
        "status",
        "done",
        "prompts",
        "failed",
        "tokens",
        "cost",
        "started_at",
      ]),
    );
    return EXIT.done;
  },
};

export const show: Command = {
  summary: "A run with its errors",
  help: `Usage: deno task pipeline show ID [--json]

Example:
  deno task pipeline show 7`,
  async run(args, terminal) {
    const { values, positionals } = readArguments(args, ["ID"], json);
    const { client } = openProject(terminal);
    const id = toRunId(positionals[0]);
    const run = dataOf(
      `find run ${id}`,
      await client.from("pipeline_run_progress").select().eq("id", id).single(),
    );
    const errors = dataOf(
      "read pipeline_errors",
      await client.from("pipeline_errors")
        .select("stage, class, code, path, message, final").eq("run_id", id)
        .order("id").limit(50),
    );
    if (values.json) terminal.print(JSON.stringify({ ...run, errors }));
    else {
      for (const [name, value] of Object.entries(run)) {
        if (value !== null) terminal.print(`${name.padEnd(20)}${value}`);
      }
      if (errors.length > 0) {
        terminal.print(
          drawTable(errors, ["stage", "class", "code", "path", "message"]),
        );
      }
    }
    return EXIT.done;
  },
};

function steer(
  name: string,
  summary: string,
  detail: string,
  { takesMaxCost = false } = {},
): Command {
  return {
    summary,
    help: `Usage: deno task pipeline ${name} ID${
      takesMaxCost ? " [--max-cost USD]" : ""
    } [--json]

${detail}

Example:
  deno task pipeline ${name} 7`,
    async run(args, terminal) {
      const { values, positionals } = readArguments(
        args,
        ["ID"],
        takesMaxCost ? { ...json, "max-cost": { type: "string" } } : json,
      );
      const runId = toRunId(positionals[0]);
      const { client } = openProject(terminal);
      const maxCost = "max-cost" in values ? values["max-cost"] : undefined;
      if (maxCost !== undefined) {
        dataOf(
          "raise max_cost of the run",
          await client.from("pipeline_runs")
            .update({ max_cost: toNumber("max-cost", maxCost as string) })
            .eq("id", runId).select("id").single(),
        );
      }
      const run = dataOf(
        `${name} the run`,
        await client.rpc(`${name}_pipeline_run`, { run_id: runId }),
      ) as { id: number; status: string };
      terminal.print(
        values.json
          ? JSON.stringify({ runId: run.id, status: run.status })
          : `Run ${run.id} is ${run.status}`,
      );
      return EXIT.done;
    },
  };
}

export const pause = steer(
  "pause",
  "Pause a run",
  "Calls in flight are finished and stored; nothing more is sent.",
);
export const resume = steer(
  "resume",
  "Go on with a paused run",
  "The run goes on where it stopped; --max-cost gives one that has reached its cap another.",
  { takesMaxCost: true },
);
export const cancel = steer(
  "cancel",
  "End a run for good",
  "What is stored stays.",
);

export const retry: Command = {
  summary: "Try the failed prompts of a run again",
  help: `Usage: deno task pipeline retry ID [--json]

Nothing else of the run is repeated. Prints how many tasks are tried again.

Example:
  deno task pipeline retry 7`,
  async run(args, terminal) {
    const { values, positionals } = readArguments(args, ["ID"], json);
    const runId = toRunId(positionals[0]);
    const retried = dataOf(
      "retry the run",
      await openProject(terminal).client.rpc("retry_pipeline_run", {
        run_id: runId,
      }),
    );
    terminal.print(
      values.json
        ? JSON.stringify({ runId, retried })
        : `${retried} tasks of run ${runId} are tried again`,
    );
    return EXIT.done;
  },
};
