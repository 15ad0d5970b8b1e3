import { writeFile } from "node:fs/promises";
import { showTarget } from "../../deploy/deployment_plan.ts";
import { readCustomerProject } from "../../moving_in/customer_project.ts";
import {
  describeChanges,
  diffChanges,
} from "../../moving_in/describe_changes.ts";
import { applyChanges } from "../../moving_in/file_changes.ts";
import { inspectDatabase } from "../../moving_in/inspect_database.ts";
import { movingInParts } from "../../moving_in/parts.ts";
import { ownFunctions } from "../../moving_in/own_functions.ts";
import { planRemoval } from "../../moving_in/plan.ts";
import { expectFree } from "../../moving_in/script_file.ts";
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
    if (directory === undefined && values.sql === undefined) {
      throw new WrongUsage("Give DIR, or --sql FILE");
    }
    const parts = await movingInParts();
    const isTrial = values["dry-run"] || values.diff;
    const project = directory === undefined
      ? undefined
      : await readCustomerProject(directory);
    const facts = values.remote === undefined
      ? undefined
      : await inspectDatabase(values.remote, parts.takenNames);
    const plan = project && await planRemoval(
      { project, parts, facts, now: new Date() },
      {
        withData: values["with-data"],
        isWithMigration: values.sql === undefined,
      },
    );
    if (values.sql !== undefined) {
      const { withData, keepingData } = parts.removal;
      const text = inOneTransaction(
        values["with-data"] ? withData : keepingData,
      );
      await expectFree(values.sql, text);
      if (!isTrial) await writeFile(values.sql, text);
      terminal.print(
        `${values.sql}: takes out ${parts.version}, as one transaction. Run it in the SQL editor, or with psql -f`,
      );
    }
    if (project === undefined || plan === undefined) {
      if (isTrial) terminal.print("Nothing was written");
      return EXIT.done;
    }
    const { changes } = plan;
    terminal.print(`Version ${parts.version} goes from ${project.folder}:`);
    const lines = values.diff ? diffChanges(changes) : describeChanges(changes);
    for (const line of lines) terminal.print(line);
    if (isTrial) {
      terminal.print("Nothing was written");
      return EXIT.done;
    }
    await applyChanges(project.folder, changes);
    const { database, projectRef } = showTarget(values.remote);
    const cli = ["npx", ...SUPABASE_CLI].join(" ");
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
