import { parse } from "libpg-query";

/** One statement of a file of SQL. */
export interface Statement {
  /** Its text, with the comments before it and without the semicolon. */
  text: string;
  /** The parser's name of it, such as `CreateFunctionStmt`. */
  kind: string;
  /** The name of the extension when this is a `create extension`. */
  createsExtension?: string;
}

interface ParsedStatement {
  stmt_location?: number;
  stmt_len?: number;
  stmt: { CreateExtensionStmt?: { extname?: string } };
}

/**
 * Splits a file of SQL with PostgreSQL's own parser, so that semicolons in
 * bodies, strings and comments are no surprise.
 *
 * @throws Error with PostgreSQL's message when the file is not valid SQL
 */
export async function splitStatements(sql: string): Promise<Statement[]> {
  // The parser fails on nothing at all.
  if (sql.trim() === "") return [];
  const bytes = new TextEncoder().encode(sql);
  const decoder = new TextDecoder();
  const { stmts = [] } = await parse(sql) as { stmts?: ParsedStatement[] };
  return stmts.map(({ stmt, stmt_location: start = 0, stmt_len: length }) => ({
    // A length of zero or none means: to the end of the file.
    text: decoder.decode(
      bytes.subarray(start, length ? start + length : undefined),
    ).trim(),
    kind: Object.keys(stmt)[0],
    createsExtension: stmt.CreateExtensionStmt?.extname,
  }));
}
