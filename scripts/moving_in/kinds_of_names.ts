/** Kinds of names that an install makes and somebody else may have. */
export type Kind =
  | "schemas"
  | "relations"
  | "functions"
  | "types"
  | "roles"
  | "cronJobs";

/** How each kind is called in a sentence. */
export const WORDS: Record<Kind, string> = {
  schemas: "schema",
  relations: "table, view or index",
  functions: "function",
  types: "type",
  roles: "role",
  cronJobs: "job of pg_cron",
};

export const KINDS = Object.keys(WORDS) as Kind[];
