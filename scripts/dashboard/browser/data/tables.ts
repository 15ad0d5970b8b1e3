import { callFunction } from "./project.ts";
import type { TableSource } from "./table_source.ts";

/** A table or view that looks like conversations, as prompt_sources() tells it. */
export interface FoundTable {
  /** With its schema. */
  table_name: string;
  layout: string | null;
  /** Of large tables an estimate, and of conversations null. */
  rows: number | null;
  conversations: number | null;
  first_prompts: string[];
  tells_what_is_new: boolean;
  /** By which signed-in users may read it; null: they may not. */
  owner_column: string | null;
  /** Why it cannot be read, and what to do; null: it can. */
  problem: string | null;
}

/** Looks for tables with conversations; only the project's owner may. */
export function readTables(signal: AbortSignal): Promise<FoundTable[]> {
  return callFunction("prompt_sources", { most_prompts: 1 }, signal);
}

/** How a table is read. */
export interface Mapping {
  table: string;
  layout: string;
  family: string;
  /** By what they are taken for: a column, several of which one holds, or one of another table. */
  columns: Record<string, unknown>;
  /** The primary key. */
  id: string[];
  /** By which column new rows are told; null: by none. */
  news: string | null;
  /** The index that it lacks. */
  notice: string | null;
}

/** Tells how a source is read. @throws Error why it cannot be read, and what to do */
export function describeTable(
  source: TableSource,
  signal: AbortSignal,
): Promise<Mapping> {
  return callFunction("describe_prompt_source", { source }, signal);
}
