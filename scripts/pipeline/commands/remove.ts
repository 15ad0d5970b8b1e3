import { writeFile } from "node:fs/promises";
import { readCustomerProject } from "../../moving_in/customer_project.ts";
import {
  describeChanges,
  diffChanges,
} from "../../moving_in/describe_changes.ts";
import { applyChanges } from "../../moving_in/file_changes.ts";
import { inspectDatabase } from "../../moving_in/inspect_database.ts";
import { movingInParts } from "../../moving_in/parts.ts";
import { functionsToDeploy, planRemoval } from "../../moving_in/plan.ts";
import { SUPABASE_CLI } from "../../moving_in/supabase_cli.ts";
import { inOneTransaction } from "../../release/one_transaction.ts";
import { type Command, EXIT, WrongUsage } from "../command.ts";
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
      "with-data": { type: "boolean", default: false },
      remote: { type: "string" },
      "dry-run": { type: "boolean", default: false },
      diff: { type: "boolean", default: false },
      sql: { type: "string" },
    });
    const parts = await movingInParts();
    const { withData, keepingData } = parts.removal;
    if (values.sql !== undefined) {
      await writeFile(
        values.sql,
        inOneTransaction(values["with-data"] ? withData : keepingData),
      );
      terminal.print(
        `${values.sql}: takes out ${parts.version}, as one transaction. Run it in the SQL editor, or with psql -f`,
      );
    }
    if (directory === undefined) {
      if (values.sql === undefined) {
        throw new WrongUsage("Give DIR, or --sql FILE");
      }
      return EXIT.done;
    }
    const project = await readCustomerProject(directory);
    const facts = values.remote === undefined
      ? undefined
      : await inspectDatabase(values.remote, parts.takenNames);
    const { changes } = await planRemoval(
      { project, parts, facts, now: new Date() },
      {
        withData: values["with-data"],
        isWithMigration: values.sql === undefined,
      },
    );
    terminal.print(`Version ${parts.version} goes from ${project.folder}:`);
    const lines = values.diff ? diffChanges(changes) : describeChanges(changes);
    for (const line of lines) terminal.print(line);
    if (values["dry-run"] || values.diff) {
      terminal.print("Nothing was written");
      return EXIT.done;
    }
    await applyChanges(project.folder, changes);
    const remote = values.remote ?? "PROJECT_REF";
    const cli = ["npx", ...SUPABASE_CLI].join(" ");
    terminal.print(`
Two commands, there, take it out of your project:
  ${cli} db push --remote=${remote}
  ${cli} functions delete ${
      functionsToDeploy(parts, project.config).join(" ")
    } --remote=${remote}`);
    return EXIT.done;
  },
};
