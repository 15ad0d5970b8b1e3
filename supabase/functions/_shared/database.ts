import { createClient, type SupabaseClient } from "@supabase/supabase-js";
import { repeatWhileUnavailable } from "./call_patiently.ts";
import type { Clock } from "./clock.ts";
import type { Database as Schema, Json } from "./database.types.ts";
import { PipelineError, type PipelineErrorCode } from "./errors.ts";
import { quoteLongIntegers } from "./quote_long_integers.ts";

/** No function of this name and with these arguments: https://docs.postgrest.org/en/stable/references/errors.html */
const NO_SUCH_FUNCTION = "PGRST202";

/** `query_canceled`: what a statement_timeout raises. */
const STATEMENT_TIMEOUT = "57014";

/** It runs what the project's owner wrote: when that is slow, it is so for these rows every time. */
const SLOW_OF_ITSELF = "pipeline_call_evaluation_function";

type Functions = Schema["public"]["Functions"];

/** Arguments as the generated types have them; each may be null, and jsonb takes any object. */
type Arguments<Name extends keyof Functions> = {
  [Key in keyof Functions[Name]["Args"]]:
    | (Json extends Functions[Name]["Args"][Key] ? object
      : Functions[Name]["Args"][Key])
    | null;
};

/** What a function may return; the fields of jsonb are for the caller to name. */
type Returned<Name extends keyof Functions> = Json extends
  Functions[Name]["Returns"] ? unknown : Functions[Name]["Returns"] | null;

/** Calls SQL functions by name. */
export interface Database {
  /**
   * @throws {PipelineError} with a code that says whether it is worth trying again: `unavailable`
   * is, everything else is final. `timed_out`: the statement took longer than a request may, and
   * would again.
   */
  call<Name extends keyof Functions, Answer extends Returned<Name>>(
    name: Name,
    args: Arguments<Name>,
  ): Promise<Answer>;
}

/**
 * A Supabase client that acts as service_role, keeps no session and waits for no answer for ever.
 * The default is for functions that may take 55 s; every other statement has the 8 s of the Data API,
 * for service_role too: https://supabase.com/docs/guides/database/postgres/timeouts
 */
export function createServiceClient(
  url: string,
  secretKey: string,
  timeoutMs = 60_000,
): SupabaseClient {
  return createClient(url, secretKey, {
    auth: { persistSession: false, autoRefreshToken: false },
    global: {
      fetch: async (input: RequestInfo | URL, init?: RequestInit) => {
        const timeout = AbortSignal.timeout(timeoutMs);
        const signal = init?.signal
          ? AbortSignal.any([init.signal, timeout])
          : timeout;
        return withExactIntegers(await fetch(input, { ...init, signal }));
      },
    },
  });
}

/** Ids beyond 2^53 - 1 are text in the JSON of the Data API, which its client parses. */
function withExactIntegers(response: Response): Response {
  const text = response.text.bind(response);
  response.text = async () => quoteLongIntegers(await text());
  return response;
}

/** The SQL functions behind the Data API. */
export function createDatabase(
  client: Pick<SupabaseClient, "rpc">,
): Database {
  return {
    async call(name, args) {
      const answer = await client.rpc(name, args);
      if (!answer.error) return answer.data;
      const { code, message } = answer.error;
      const hint = code === STATEMENT_TIMEOUT
        ? `The Data API ends it after 8 s, and some functions after 55 s. Call ${name}() in the SQL editor, or ask for less`
        : code === NO_SUCH_FUNCTION
        ? "The database has no pipeline, or an older one than what calls it: push the migrations first"
        : answer.error.hint;
      throw new PipelineError(
        toErrorCode(
          // A gateway in front of the Data API has codes of its own, even numbers.
          typeof answer.error.code === "string" ? answer.error.code : undefined,
          answer.status,
        ),
        `${
          // Functions of the pipeline say themselves what cannot be done.
          /^Cannot /.test(message) ? "" : `Cannot call ${name}(): `}${message}${
          hint ? `. ${hint}` : ""
        }`,
        { cause: answer.error },
      );
    },
  };
}

/**
 * Repeats what failed because the database could not be reached or was too busy: after 0.1, 0.2, 0.4 … s, at most
 * 2 s apart, until `forMs` have passed. For functions that are fenced or idempotent, as those of
 * the queue are: a repeated call changes nothing twice.
 */
export function withPatience(
  database: Database,
  { forMs, clock, signal }: {
    forMs: number;
    clock: Clock;
    signal: AbortSignal;
  },
): Database {
  const schedule = { firstMs: 100, mostMs: 2_000 };
  return {
    call: (name, args) =>
      repeatWhileUnavailable(
        () => database.call(name, args),
        {
          clock,
          signal,
          schedule,
          endsAt: clock.now() + forMs,
          isSlowPassing: name !== SLOW_OF_ITSELF,
        },
      ),
  };
}

/**
 * SQLSTATE classes: https://www.postgresql.org/docs/current/errcodes-appendix.html; the PGRST codes
 * are PostgREST's own for a database that it cannot reach.
 */
export function toErrorCode(
  sqlState: string | undefined,
  status: number,
): PipelineErrorCode {
  if (sqlState === "PPL01") return "lease_lost";
  if (sqlState === "PPL02") return "quota_exceeded";
  if (sqlState === "23505") return "conflict";
  if (sqlState === "P0002") return "not_found";
  if (sqlState === "42501") return "forbidden";
  if (sqlState === "PPL03") return "unauthorized";
  if (status === 413) return "too_large";
  if (sqlState?.startsWith("22") || sqlState?.startsWith("23")) {
    return "invalid_request";
  }
  if (sqlState === STATEMENT_TIMEOUT) return "timed_out";
  // The statement's own fault, which PostgREST answers with 500: raised, in a function, too deep.
  if (/^(P0|38|39|54)/.test(sqlState ?? "")) return "internal";
  // 25006: Supabase keeps a project with a full disk read-only until it has grown.
  // PGRST202: the schema is just being renewed, or its migrations follow.
  const passing =
    /^(08|25006|40|53|55P03|57|58|PGRST00|PGRST202|ECONN|CONNECTION)/;
  if (!sqlState || passing.test(sqlState) || status === 0 || status >= 500) {
    return "unavailable";
  }
  return "internal";
}
