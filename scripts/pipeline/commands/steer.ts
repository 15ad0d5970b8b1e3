import { type Command, EXIT, type Terminal } from "../command.ts";
import { dataOf, openProject } from "../project_access.ts";
import { readArguments, toNumber, toRunId } from "../read_arguments.ts";

const json = { json: { type: "boolean", default: false } } as const;

function steer(name: string, summary: string, detail: string): Command {
  return {
    summary,
    help: `Usage: deno task pipeline ${name} ID [--json]

${detail}

Example:
  deno task pipeline ${name} 7`,
    async run(args, terminal) {
      const { values, positionals } = readArguments(args, ["ID"], json);
      const run = dataOf(
        `${name} the run`,
        await openProject(terminal).client.rpc(`${name}_pipeline_run`, {
          run_id: toRunId(positionals[0]),
        }),
      ) as { id: number; status: string };
      printStatus(run, values.json, terminal);
      return EXIT.done;
    },
  };
}

function printStatus(
  { id, status }: { id: number; status: string },
  isJson: boolean,
  terminal: Terminal,
): void {
  terminal.print(
    isJson ? JSON.stringify({ runId: id, status }) : `Run ${id} is ${status}`,
  );
}

export const pause = steer(
  "pause",
  "Pause a run",
  "Calls in flight are finished and stored; nothing more is sent.",
);
export const resume: Command = {
  summary: "Go on with a paused run",
  help: `Usage: deno task pipeline resume ID [--max-cost USD] [--json]

The run goes on where it stopped. --max-cost is the new ceiling of a run that has reached its own.

Examples:
  deno task pipeline resume 7
  deno task pipeline resume 7 --max-cost 5`,
  async run(args, terminal) {
    const { values, positionals } = readArguments(args, ["ID"], {
      ...json,
      "max-cost": { type: "string" },
    });
    const { client } = openProject(terminal);
    const id = toRunId(positionals[0]);
    const maxCost = toNumber("max-cost", values["max-cost"]);
    if (maxCost !== undefined) {
      dataOf(
        "raise max_cost",
        await client.from("pipeline_runs").update({ max_cost: maxCost })
          .eq("id", id).select("id").single(),
      );
    }
    const run = dataOf(
      "resume the run",
      await client.rpc("resume_pipeline_run", { run_id: id }),
    ) as { id: number; status: string };
    printStatus(run, values.json, terminal);
    return EXIT.done;
  },
};
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
