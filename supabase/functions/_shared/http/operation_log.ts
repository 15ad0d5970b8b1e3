import type { Log } from "../log.ts";

/** The header by which an answer says under which id its request stands in the log. */
const REQUEST_ID = "x-request-id";

/**
 * Tells the log of one operation: name, status, duration, and what its answer counts, under an id that
 * the answer carries too. The id is that of the caller or the gateway where they send one.
 */
export function createOperationLog(
  { headers, method }: Request,
  log: Log,
  now: () => number,
) {
  const began = now();
  const given = headers.get(REQUEST_ID) ?? headers.get("sb-request-id") ?? "";
  const id = /^[\w.-]{1,100}$/.test(given) ? given : crypto.randomUUID();
  let operation = method;
  return {
    begin(name: string): void {
      operation = name;
      log("debug", "operation started", { operation, request: id });
    },
    end(response: Response, output?: unknown): Response {
      const { status } = response;
      log(status >= 500 ? "error" : "info", "operation", {
        operation,
        request: id,
        status,
        ...countsOf(output),
        durationMs: Math.round(now() - began),
      });
      response.headers.set(REQUEST_ID, id);
      return response;
    },
  };
}

/** Numbers and lengths of lists, never what is in them; the id of a run is `run`, as in other lines. */
function countsOf(output: unknown): Record<string, number> {
  return Object.fromEntries(
    Object.entries(output ?? {}).flatMap(([name, value]) => {
      const count = Array.isArray(value) ? value.length : value;
      if (typeof count !== "number") return [];
      return [[name === "runId" ? "run" : name, count]];
    }),
  );
}
