// Written by `deno task migration` from deno.json.

/** The version of these functions; the database says which it serves. */
export const VERSION = "1.1.0";
