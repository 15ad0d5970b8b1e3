/** Every name that an install makes; those in a schema with it, as `public.pipeline_runs`. */
export interface TakenNames {
  schemas: string[];
  /** Tables, views, indexes and sequences. */
  relations: string[];
  /** Without arguments: two functions of a name are told apart by nobody who calls them over HTTP. */
  functions: string[];
  types: string[];
  roles: string[];
  cronJobs: string[];
  /** How the name of every secret in Vault begins that is the pipeline's. */
  vaultPrefix: string;
  extensions: string[];
}

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
