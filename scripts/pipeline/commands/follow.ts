import type { Command } from "../command.ts";
import { followRun } from "../follow_run.ts";
import { followSweep } from "../follow_sweep.ts";
import { openProject } from "../project_access.ts";
import { readArguments, switches, toTarget } from "../read_arguments.ts";

export const follow: Command = {
  summary: "Follow a run or a sweep until it is over",
  help: `Usage: deno task pipeline follow ID|sweep:ID [--json]

Exit code: 0 completed, 3 completed and a prompt failed or none was found, 4 failed, paused or
cancelled, 130 following was interrupted (the run goes on), 2 wrong usage.

Examples:
  deno task pipeline follow 7
  deno task pipeline follow sweep:3`,
  run(args, terminal) {
    const { values, positionals } = readArguments(
      args,
      ["ID"],
      switches("json"),
    );
    const { kind, id } = toTarget(positionals[0]);
    const { client } = openProject(terminal);
    const follow = kind === "run" ? followRun : followSweep;
    return follow(client, id, terminal, values.json);
  },
};
