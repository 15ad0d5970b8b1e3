import type { PostgresVersion } from "../local/postgres/binaries.ts";

/** `--postgres=15` among the arguments runs a test with the server that older projects have. */
export const chosenPostgres: PostgresVersion =
  Deno.args.includes("--postgres=15") ? 15 : 17;
