import { writeFile } from "node:fs/promises";
import { showTarget } from "../deploy/deployment_plan.ts";
import {
  type CustomerProject,
  readCustomerProject,
} from "../moving_in/customer_project.ts";
import { describeChanges, diffChanges } from "../moving_in/describe_changes.ts";
import { applyChanges, type FileChange } from "../moving_in/file_changes.ts";
import { inspectDatabase } from "../moving_in/inspect_database.ts";
import { movingInParts } from "../moving_in/parts.ts";
import { expectFree } from "../moving_in/script_file.ts";
import { SUPABASE_CLI } from "../moving_in/supabase_cli.ts";
import { inOneTransaction } from "../release/one_transaction.ts";
import { type Terminal, WrongUsage } from "./command.ts";
import { switches, texts } from "./read_arguments.ts";

/** What `add` and `remove` have alike. */
export const movingOptions = {
  ...texts("remote", "sql"),
  ...switches("dry-run", "diff"),
};

type Values = {
  remote?: string;
  sql?: string;
  "dry-run"?: boolean;
  diff?: boolean;
};

/** What is brought, the project in DIR, and what its database is like. @throws {WrongUsage} nothing is given */
export async function lookAround(
  directory: string | undefined,
  { remote, sql }: Values,
) {
  if (directory === undefined && sql === undefined) {
    throw new WrongUsage("Give DIR, or --sql FILE");
  }
  const parts = await movingInParts();
  return {
    parts,
    project: directory === undefined
      ? undefined
      : await readCustomerProject(directory),
    facts: remote === undefined
      ? undefined
      : await inspectDatabase(remote, parts.takenNames),
    cli: ["npx", ...SUPABASE_CLI].join(" "),
    ...showTarget(remote),
  };
}

/** Whether nothing is to be written. */
export function isTrial(values: Values): boolean {
  return Boolean(values["dry-run"] || values.diff);
}

/** Says what changes in the files of a project, and changes it; false: it was only said. */
export async function carryOut(
  { folder }: CustomerProject,
  changes: FileChange[],
  values: Values,
  terminal: Terminal,
): Promise<boolean> {
  const lines = values.diff ? diffChanges(changes) : describeChanges(changes);
  lines.forEach((line) => terminal.print(line));
  if (isTrial(values)) {
    terminal.print("Nothing was written");
    return false;
  }
  await applyChanges(folder, changes);
  return true;
}

/** Writes SQL that is run by hand. @param does what it does, for people */
export async function writeScript(
  file: string,
  sql: string,
  does: string,
  values: Values,
  terminal: Terminal,
): Promise<void> {
  const text = inOneTransaction(sql);
  await expectFree(file, text);
  if (!isTrial(values)) await writeFile(file, text);
  terminal.print(
    `${file}: ${does}, as one transaction. Run it in the SQL editor, or with psql -f`,
  );
}
