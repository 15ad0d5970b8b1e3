import { ownFunctions } from "../../moving_in/own_functions.ts";
import { planRemoval } from "../../moving_in/plan.ts";
import { type Command, EXIT } from "../command.ts";
import {
  carryOut,
  isTrial,
  lookAround,
  movingOptions,
  writeScript,
} from "../moving.ts";
import { readArguments } from "../read_arguments.ts";

export const remove: Command = {
  summary: "Take the pipeline out of a Supabase project",
  help: `Usage: deno task pipeline remove DIR [options]
       deno task pipeline remove --sql FILE [--with-data]

Writes one migration that takes out what the pipeline has made in the database (schema, jobs of pg_cron,
functions, grants, publication, secrets in Vault; extensions stay), and takes its folders and its lines in
supabase/config.toml out of the project in DIR. Results, labels and sets stay as plain tables that the
service role reads. A generated file that was edited is kept as *.edited.

  --with-data       results, labels and sets go, too
  --remote PROJECT  look at the database, too: a project's reference, or the URL of a database or pooler
  --dry-run         say what would be done and do nothing
  --diff            the same, with every changed line
  --sql FILE        for teams without a folder of migrations: write the SQL to FILE, as one transaction

Exit code: 0 done, 1 there is nothing to remove, 2 wrong usage.

Example:
  deno task pipeline remove ../my-project --dry-run`,
  async run(args, terminal) {
    const { values, positionals: [directory] } = readArguments(args, [
      "DIR?",
    ], {
      ...movingOptions,
      "with-data": { type: "boolean", default: false },
    });
    const { parts, project, facts, cli, database, projectRef } =
      await lookAround(directory, values);
    const plan = project && await planRemoval(
      { project, parts, facts, now: new Date() },
      {
        withData: values["with-data"],
        isWithMigration: values.sql === undefined,
      },
    );
    if (values.sql !== undefined) {
      const { withData, keepingData } = parts.removal;
      const sql = values["with-data"] ? withData : keepingData;
      const does = `takes out ${parts.version}`;
      await writeScript(values.sql, sql, does, values, terminal);
    }
    if (project === undefined || plan === undefined) {
      if (isTrial(values)) terminal.print("Nothing was written");
      return EXIT.done;
    }
    const { changes } = plan;
    terminal.print(`Version ${parts.version} goes from ${project.folder}:`);
    if (!await carryOut(project, changes, values, terminal)) return EXIT.done;
    // It takes one name.
    const deletions = ownFunctions(parts.functions, project.config).map((
      name,
    ) => `  ${cli} functions delete ${name} --remote=${projectRef}`);
    terminal.print(`
These commands, there, take it out of your project:
${
      [
        ...values.sql === undefined
          ? [`  ${cli} db push --remote=${database}`]
          : [],
        ...deletions,
      ].join("\n")
    }`);
    return EXIT.done;
  },
};
