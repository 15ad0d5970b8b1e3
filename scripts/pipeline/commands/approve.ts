import { type Command, EXIT } from "../command.ts";
import { call, openProject } from "../project_access.ts";
import { readArguments, texts } from "../read_arguments.ts";

export const approve: Command = {
  summary: "Make an experiment the baseline that gate compares with",
  help: `Usage: deno task pipeline approve NAME EXPERIMENT [options]

NAME is one of your choice, such as "approved": gate NAME CANDIDATE compares with EXPERIMENT from then
on, until NAME is approved anew.

Options:
  --owner USER       the experiment of this user, by id (default: the project's own)

Example:
  deno task pipeline approve approved 'nightly 2026-11-28'`,
  async run(args, terminal) {
    const { values, positionals: [name, experiment] } = readArguments(
      args,
      ["NAME", "EXPERIMENT"],
      texts("owner"),
    );
    const { client } = openProject(terminal);
    await call(client, "approve the baseline", "approve_experiment_baseline", {
      name,
      experiment,
      owner: values.owner ?? null,
    });
    terminal.print(`"${name}" is experiment "${experiment}" now`);
    return EXIT.done;
  },
};
