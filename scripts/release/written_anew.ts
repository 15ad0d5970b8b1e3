import { relative } from "node:path";
import { splitStatements } from "../local/statements.ts";
import { readSchemaFiles } from "./schema_files.ts";
import type { Source } from "./source.ts";

/** What an upgrade takes from the schemas as it stands there, by the parser's names. */
const writtenAnew = [
  "CreateFunctionStmt",
  "ViewStmt",
  "CreateTrigStmt",
  "CreatePolicyStmt",
  "AlterPolicyStmt",
  "AlterOwnerStmt",
  "GrantStmt",
  "CommentStmt",
  "DoStmt",
];

/** What keeps data, and is changed by hand; a select of the schemas makes a table. */
const writtenByHand = [
  "CreateExtensionStmt",
  "CreateSchemaStmt",
  "CreateSeqStmt",
  "CompositeTypeStmt",
  "CreateStmt",
  "AlterTableStmt",
  "IndexStmt",
  "InsertStmt",
  "SelectStmt",
];

/**
 * Functions with their owners, views, triggers, policies, grants, comments and `do` blocks of the schemas, in their
 * order, so that they replace those that are there: for a database whose tables are as the schemas
 * say, and which has no policies of ours.
 *
 * @throws Error that names a statement of which nobody has said which it is
 */
export async function statementsWrittenAnew(
  { supabaseFolder, version }: Source,
): Promise<string> {
  const parts: string[] = [];
  for (const { path, text } of await readSchemaFiles(supabaseFolder, version)) {
    const name = relative(supabaseFolder, path);
    const statements = await splitStatements(text);
    const kept = statements.filter(({ kind, text }) => {
      if (writtenByHand.includes(kind)) return false;
      if (writtenAnew.includes(kind)) return true;
      throw new Error(
        `Cannot tell whether a release writes "${
          text.slice(0, 60)
        }…" of ${name} anew: put ${kind} into a list of written_anew.ts`,
      );
    });
    if (kept.length === 0) continue;
    parts.push(
      `-- ${name}`,
      ...kept.map(({ text }) => `${orReplace(text)};\n`),
    );
  }
  return parts.join("\n");
}

function orReplace(statement: string): string {
  return statement.replace(
    /^create (?=(function|procedure|view|trigger)\b)/m,
    "create or replace ",
  );
}
