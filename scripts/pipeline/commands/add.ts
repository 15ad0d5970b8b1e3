import {
  type Findings,
  inspectFolder,
  judgeDatabase,
} from "../../moving_in/find_problems.ts";
import { linesOf } from "../../moving_in/own_functions.ts";
import { planAddition, scriptFrom } from "../../moving_in/plan.ts";
import { isReadyMade } from "../../ready_made.ts";
import { type Command, EXIT, type Terminal } from "../command.ts";
import {
  carryOut,
  isTrial,
  lookAround,
  movingOptions,
  writeScript,
} from "../moving.ts";
import { readArguments, texts } from "../read_arguments.ts";

export const add: Command = {
  summary: "Put the pipeline into a Supabase project, or upgrade it there",
  help: `Usage: deno task pipeline add DIR [options]
       deno task pipeline add --sql FILE [--from VERSION | --remote PROJECT]

Puts one migration, two function folders and lines in supabase/config.toml into the project in DIR, which
is found by supabase/config.toml. What stands in the way (names that are taken, extensions, versions,
permissions) is said before anything is written, all at once. Repeated it upgrades, from the version that
is there; where that is this one it does nothing. Nothing of yours is overwritten: a generated file that
was edited is kept beside the new one as *.edited.

  --remote PROJECT  look at the database, too: a project's reference, or the URL of a database or pooler
  --all-functions   also a function for each operation, such as run-pipeline, beside prompt-pipeline/run-pipeline
  --dry-run         say what would be done and do nothing
  --diff            the same, with every changed line
  --sql FILE        for teams without a folder of migrations: write the SQL, to be run in the SQL editor or by
                    psql, to FILE, as one transaction. With DIR the functions go there
  --from VERSION    what --sql upgrades from; the database of --remote says so itself

Exit code: 0 done, 1 something stands in the way, 2 wrong usage.

Examples:
  deno task pipeline add ../my-project --diff
  deno task pipeline add ../my-project --remote abcdefghijklmnopqrst
  deno task pipeline add --sql prompt-pipeline.sql`,
  async run(args, terminal) {
    const { values, positionals: [directory] } = readArguments(args, [
      "DIR?",
    ], {
      ...movingOptions,
      ...texts("from"),
      "all-functions": { type: "boolean", default: false },
    });
    const { parts, project, facts, cli, database, projectRef } =
      await lookAround(directory, values);
    const allFunctions = values["all-functions"];
    const findings = [
      project && await inspectFolder(project, parts, { allFunctions, facts }),
      facts && judgeDatabase(facts, project),
    ].filter((found) => found !== undefined);
    if (!tell(findings, terminal)) return EXIT.failed;

    const plan = project && await planAddition(
      { project, parts, facts, now: new Date() },
      { allFunctions, isWithMigration: values.sql === undefined },
    );
    if (values.sql !== undefined) {
      const from = values.from ?? facts?.version ?? undefined;
      const sql = scriptFrom(parts, from);
      const does = `${
        from === undefined ? "installs" : `upgrades ${from} to`
      } ${parts.version}`;
      if (sql !== undefined) {
        await writeScript(values.sql, sql, does, values, terminal);
      } else {
        terminal.print(
          `Nothing to do: the database has version ${parts.version}`,
        );
      }
    }
    if (project === undefined || plan === undefined) {
      if (isTrial(values)) terminal.print("Nothing was written");
      return EXIT.done;
    }
    const { from, changes } = plan;
    if (changes.length === 0) {
      terminal.print(
        `Nothing to do: ${project.folder} has version ${parts.version}`,
      );
      return EXIT.done;
    }
    terminal.print(
      `${
        from === undefined
          ? `Version ${parts.version}`
          : from === parts.version
          ? `Version ${from}, as it should be`
          : `From version ${from} to ${parts.version}`
      } in ${project.folder}:`,
    );
    if (!await carryOut(project, changes, values, terminal)) return EXIT.done;
    const config = changes.find(({ path }) => path === "config.toml")?.after ??
      project.config;
    terminal.print(`
Two commands, there, bring it into your project, in this order:
  ${cli} db push --remote=${database}
  ${cli} functions deploy ${
      Object.keys(linesOf(parts.functions, config, false)).join(" ")
    } --use-api --remote=${projectRef}
Then deno task pipeline doctor, with SUPABASE_URL and SUPABASE_SECRET_KEY, looks whether all is well.${
      // The npm package has no stack of its own.
      isReadyMade() ? "" : ` On this
machine: deno task dev --project ${directory}`}`);
    return EXIT.done;
  },
};

/** Says what was found; false: something stands in the way. */
export function tell(findings: Findings[], terminal: Terminal): boolean {
  for (const remark of findings.flatMap(({ remarks }) => remarks)) {
    terminal.complain(`Note: ${remark}`);
  }
  const problems = findings.flatMap(({ problems }) => problems);
  if (problems.length === 0) return true;
  terminal.complain(
    `Cannot add the pipeline, nothing was written:\n${
      problems.map((problem) => `  - ${problem}`).join("\n")
    }`,
  );
  return false;
}
