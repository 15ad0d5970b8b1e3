/** An error of Postgres as the driver throws it. */
interface DatabaseError {
  code?: unknown;
  message?: string;
  detail?: string;
  hint?: string;
}

/** What lite answers as PostgREST does; to all others it answers 500 without their code. */
const KNOWN_TO_LITE = /^(PGRST|PT|21|22|42|53|55|23502|23503|23505|25006)/;

/** What the driver calls a database that is away, which is no SQLSTATE. */
const IS_NO_CONNECTION = /^(CONNECT|ECONN|EPIPE)/;

/**
 * An error with its SQLSTATE kept, by PostgREST's own way to let SQL choose the answer
 * (https://docs.postgrest.org/en/stable/references/errors.html, `RAISE SQLSTATE 'PGRST'`): lite knows
 * that one, but not the pipeline's own states and most of Postgres's.
 */
export function keepSqlState(error: unknown): unknown {
  const { code, message, detail, hint } = error as DatabaseError ?? {};
  if (typeof code !== "string") return error;
  if (IS_NO_CONNECTION.test(code)) {
    return keepSqlState({
      code: "08006",
      message: `No connection: ${message}`,
    });
  }
  if (!/^[0-9A-Z]{5}$/.test(code)) return error;
  if (KNOWN_TO_LITE.test(code)) return error;
  return Object.assign(new Error(), {
    code: "PGRST",
    message: JSON.stringify({
      code,
      message,
      details: detail ?? null,
      hint: hint ?? null,
    }),
    detail: JSON.stringify({ status: statusOf(code), headers: {} }),
  });
}

/** The status of PostgREST for an SQLSTATE, from the table of the same page. */
function statusOf(code: string): number {
  if (code === "P0001") return 400;
  if (/^08/.test(code)) return 503;
  if (/^(0L|0P|28)/.test(code)) return 403;
  return /^(09|25|2D|38|39|3B|40|54|57|58|F0|HV|P0|XX)/.test(code) ? 500 : 400;
}
