import { toStorageHeaders } from "../../supabase/functions/_shared/storage.ts";
import type { Connection } from "../project/connection.ts";
import { asDryRun, checkRow, RefusedBody } from "./check_body.ts";
import { CHANGES, READS, RELATIONS, ROWS } from "./passed_on.ts";
import { toServiceCall } from "./services.ts";

/** Secret keys are refused to browsers, which are told by their User-Agent. */
export const USER_AGENT = "prompt-pipeline-dashboard";
/** To look for tables takes a project seconds: a name that is none of them starts it no more often. */
const LOOK_MS = 10_000;
/** Longer than the 55 s that the project gives its slowest functions. */
const MOST_MS = 60_000;

/** An answer that several may get. */
interface Answer {
  status: number;
  headers: Record<string, string>;
  body: Uint8Array<ArrayBuffer>;
}

/**
 * Passes what is on the list on to a project, as its owner. Equal requests that are in flight at the
 * same time are asked once.
 */
export function createPassOn(
  connection: Connection,
  { readOnly, fetch, now = () => performance.now() }: {
    readOnly: boolean;
    fetch: typeof globalThis.fetch;
    now?: () => number;
  },
): (request: Request) => Promise<Response> {
  const inFlight = new Map<string, Promise<Answer>>();
  let foundTables: string[] = [];
  let lookedAt = -Infinity;

  /** The tables that the project's owner would find: with the secret key any table could be read. */
  async function findTables(wanted: string): Promise<string[]> {
    if (foundTables.includes(wanted) || now() - lookedAt < LOOK_MS) {
      return foundTables;
    }
    const { status, body } = await askOnce("prompt_sources", () =>
      ask(
        "POST",
        "/rest/v1/rpc/prompt_sources",
        { "content-type": "application/json" },
        '{"most_prompts":0}',
      ));
    const said = new TextDecoder().decode(body);
    if (status !== 200) throw new Error(`it does not tell its tables: ${said}`);
    lookedAt = now();
    foundTables = JSON.parse(said).map(
      ({ table_name }: { table_name: string }) => table_name,
    );
    return foundTables;
  }

  async function ask(
    method: string,
    path: string,
    headers: Record<string, string> = {},
    body?: string,
  ): Promise<Answer> {
    const response = await fetch(connection.url + path, {
      method,
      headers: {
        ...headers,
        ...path.startsWith("/rest/")
          ? {
            apikey: connection.secretKey,
            authorization: `Bearer ${connection.secretKey}`,
          }
          : toStorageHeaders(connection.secretKey),
        "user-agent": USER_AGENT,
      },
      body,
      redirect: "error",
      signal: AbortSignal.timeout(MOST_MS),
    });
    const type = response.headers.get("content-type") ?? "";
    return {
      status: response.status,
      headers: { "content-type": type.includes("json") ? type : "text/plain" },
      body: new Uint8Array(await response.arrayBuffer()),
    };
  }

  function askOnce(key: string, work: () => Promise<Answer>): Promise<Answer> {
    const begun = inFlight.get(key) ??
      work().finally(() => inFlight.delete(key));
    inFlight.set(key, begun);
    return begun;
  }

  async function answer(request: Request): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    const [, relation] = /^\/rest\/v1\/([a-z0-9_]+)$/.exec(pathname) ?? [];
    const [, called] = /^\/rest\/v1\/rpc\/([a-z0-9_]+)$/.exec(pathname) ?? [];
    const hasQuery = searchParams.size > 0;
    const service = hasQuery
      ? undefined
      : toServiceCall(request.method, pathname);
    // PostgREST also splits a query at `;` (https://hackage.haskell.org/package/http-types, parseQuery):
    // it gets what was looked at, written anew.
    const path = service?.path ??
      (hasQuery ? `${pathname}?${searchParams}` : pathname);
    // A query of a function could embed tables in its answer: of one that reads a part may be asked for.
    const isCall = request.method === "POST" &&
      namedColumns(searchParams).length === 0;
    const isRead = service !== undefined ||
      request.method === "GET" && relation !== undefined &&
        mayRead(relation, searchParams) ||
      isCall && READS.includes(called);
    const isChange = isCall && !hasQuery && CHANGES.includes(called);
    if (isChange && readOnly) {
      return refuse(403, "The dashboard was started with --read-only");
    }
    if (!isRead && !isChange) {
      return refuse(404, "The dashboard does not ask this of a project");
    }
    const sent = request.method === "POST" ? await request.text() : undefined;
    const body = sent === undefined
      ? undefined
      : service?.isExtraction
      ? await asDryRun(sent, findTables)
      : isChange && Object.hasOwn(ROWS, called)
      ? await checkRow(called, sent, findTables)
      : sent;
    const headers = {
      "content-type": "application/json",
      accept: request.headers.get("accept")?.includes("vnd.pgrst.object+json")
        ? "application/vnd.pgrst.object+json"
        : "application/json",
    };
    const work = () => ask(request.method, path, headers, body);
    const given = isRead
      ? await askOnce(JSON.stringify([path, headers.accept, body]), work)
      : await work();
    return new Response(given.body, given);
  }

  return async function passOn(request) {
    try {
      return await answer(request);
    } catch (error) {
      if (error instanceof RefusedBody) return refuse(400, error.message);
      return refuse(
        502,
        `Cannot reach the project: ${(error as Error).message}`,
      );
    }
  };
}

function mayRead(relation: string, query: URLSearchParams): boolean {
  if (!Object.hasOwn(RELATIONS, relation)) return false;
  const columns = RELATIONS[relation];
  // An embedded table would reach what is not listed.
  return columns === "all"
    ? namedColumns(query).every((name) => /^(\*|[a-z0-9_]+)$/.test(name))
    : query.has("select") &&
      namedColumns(query).every((name) => columns.includes(name));
}

function namedColumns(query: URLSearchParams): string[] {
  return [...query].flatMap(([name, value]) => {
    switch (name) {
      case "select":
        return value.split(",");
      case "order":
        return value.split(",").map((part) => part.split(".")[0]);
      case "limit":
      case "offset":
        // What is no number is refused as the column that it is not.
        return /^\d+$/.test(value) ? [] : [`${name}=`];
      default:
        // A filter; also `or` and `and`, which are no columns and refused where columns are listed.
        return [name];
    }
  });
}

function refuse(status: number, message: string): Response {
  return Response.json({ message }, { status });
}
