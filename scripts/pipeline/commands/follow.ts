import type { Command } from "../command.ts";
import { followRun } from "../follow_run.ts";
import { openProject } from "../project_access.ts";
import { readArguments, toRunId } from "../read_arguments.ts";

export const follow: Command = {
  summary: "Follow a run until it is over",
  help: `Usage: deno task pipeline follow ID [--json]

Exit code: 0 completed, 3 completed and a prompt failed or none was found, 4 failed, paused or
cancelled, 130 following was interrupted (the run goes on), 2 wrong usage.

Example:
  deno task pipeline follow 7`,
  run(args, terminal) {
    const { values, positionals } = readArguments(args, ["ID"], {
      json: { type: "boolean", default: false },
    });
    return followRun(
      openProject(terminal).client,
      toRunId(positionals[0]),
      terminal,
      values.json,
    );
  },
};
