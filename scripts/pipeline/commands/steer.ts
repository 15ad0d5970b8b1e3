import type { SupabaseClient } from "@supabase/supabase-js";
import { type Command, EXIT, type Terminal } from "../command.ts";
import { call, dataOf, openProject } from "../project_access.ts";
import {
  readArguments,
  switches,
  type Target,
  texts,
  toNumber,
  toTarget,
} from "../read_arguments.ts";
import { toVisibleJson } from "../visible_text.ts";

const json = switches("json");

function steer(name: string, summary: string, detail: string): Command {
  return {
    summary,
    help: `Usage: deno task pipeline ${name} ID|sweep:ID [--json]

${detail} Of a sweep all runs that are not over are meant.

Examples:
  deno task pipeline ${name} 7
  deno task pipeline ${name} sweep:3`,
    async run(args, terminal) {
      const { values, positionals } = readArguments(args, ["ID"], json);
      const target = toTarget(positionals[0]);
      const answer = await steered(openProject(terminal).client, name, target);
      printStatus(target, answer, values.json, terminal);
      return EXIT.done;
    },
  };
}

/** What a function of a run or a sweep answers: the run, or how many runs it has reached. */
function steered(
  client: SupabaseClient,
  name: string,
  { kind, id }: Target,
): Promise<{ status: string } | number> {
  return call(client, `${name} the ${kind}`, `${name}_pipeline_${kind}`, {
    [`${kind}_id`]: id,
  });
}

function printStatus(
  { kind, id }: Target,
  answer: { status: string } | number,
  isJson: boolean | undefined,
  terminal: Terminal,
): void {
  if (typeof answer === "number") {
    terminal.print(
      isJson
        ? toVisibleJson({ sweepId: id, runs: answer })
        : `${answer} runs of sweep ${id} were changed`,
    );
    return;
  }
  const { status } = answer;
  terminal.print(
    isJson
      ? toVisibleJson({ [`${kind}Id`]: id, status })
      : `Run ${id} is ${status}`,
  );
}

export const pause = steer(
  "pause",
  "Pause a run",
  "Calls in flight are finished and stored; nothing more is sent.",
);
export const resume: Command = {
  summary: "Go on with a paused run",
  help: `Usage: deno task pipeline resume ID|sweep:ID [--max-cost USD] [--json]

The run, or all paused runs of a sweep, go on where they stopped. --max-cost is the new ceiling of a
run or a sweep that has reached its own.

Examples:
  deno task pipeline resume 7
  deno task pipeline resume sweep:3
  deno task pipeline resume 7 --max-cost 5`,
  async run(args, terminal) {
    const { values, positionals } = readArguments(args, ["ID"], {
      ...json,
      ...texts("max-cost"),
    });
    const { client } = openProject(terminal);
    const target = toTarget(positionals[0]);
    const maxCost = toNumber("max-cost", values["max-cost"]);
    if (maxCost !== undefined) {
      dataOf(
        "raise max_cost",
        await client.from(`pipeline_${target.kind}s`)
          .update({ max_cost: maxCost }).eq("id", target.id).select("id")
          .single(),
      );
    }
    const answer = await steered(client, "resume", target);
    printStatus(target, answer, values.json, terminal);
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
  help: `Usage: deno task pipeline retry ID|sweep:ID [--json]

Nothing else of the run, or of the runs of a sweep, is repeated. Prints how many tasks are tried
again.

Examples:
  deno task pipeline retry 7
  deno task pipeline retry sweep:3`,
  async run(args, terminal) {
    const { values, positionals } = readArguments(args, ["ID"], json);
    const target = toTarget(positionals[0]);
    const { kind, id } = target;
    const { client } = openProject(terminal);
    const retried = await steered(client, "retry", target);
    terminal.print(
      values.json
        ? toVisibleJson({ [`${kind}Id`]: id, retried })
        : `${retried} tasks of ${kind} ${id} are tried again`,
    );
    return EXIT.done;
  },
};
