import { type Command, EXIT } from "../command.ts";
import { callUntilOver, openProject } from "../project_access.ts";
import { readArguments, texts } from "../read_arguments.ts";

export const rename: Command = {
  summary: "Give an experiment another name",
  help: `Usage: deno task pipeline rename EXPERIMENT NAME [--owner USER]

Its runs and its answers get the name, also those stored from outside.

Options:
  --owner USER   the experiment of this user, by id (default: the project's own)

Example:
  deno task pipeline rename nightly 'nightly 2026-11-28'`,
  async run(args, terminal) {
    const { values, positionals: [experiment_name, new_name] } = readArguments(
      args,
      ["EXPERIMENT", "NAME"],
      texts("owner"),
    );
    const { client } = openProject(terminal);
    const evaluations = await callUntilOver(
      client,
      "rename the experiment",
      "rename_experiment",
      { experiment_name, new_name, owner: values.owner ?? null },
    );
    terminal.print(
      `Experiment "${experiment_name}" is "${new_name}" now, with ${evaluations} answers`,
    );
    return EXIT.done;
  },
};
