import { PostgrestClient } from "@supabase/postgrest-js";
import { signal } from "@preact/signals";
import type { Database } from "../../../../supabase/functions/_shared/database.types.ts";
import type { Home } from "./page_text.ts";
import { keepAnswer, toQuestion } from "./recording.ts";
import { readJson } from "./written.ts";

/** The project that is looked at. */
export interface Project {
  home: Home;
  /** PostgREST, the same in both homes. */
  rest: PostgrestClient<Database>;
  /** Its other services, by their path. */
  ask(path: string, init: RequestInit): Promise<Response>;
}

/** Why the project cannot be reached at this moment; undefined: it can. */
export const trouble = signal<string | undefined>(undefined);

/** Longer than the dashboard's server waits for the project. */
export const MOST_MS = 70_000;

let opened: Project | undefined;

/** The project; main.tsx opens it before anything is drawn. */
export function project(): Project {
  if (!opened) throw new Error("Cannot ask the project: it is not open yet");
  return opened;
}

/**
 * Opens the project that the page was made for.
 *
 * @param url where its API is
 * @param credentials headers of each request, as they are at that moment
 */
export function openProject(
  home: Home,
  url: string,
  credentials: () => Promise<Record<string, string>>,
  fetch: typeof globalThis.fetch = globalThis.fetch,
  timeout = (milliseconds: number) => AbortSignal.timeout(milliseconds),
): void {
  async function send(
    input: URL | RequestInfo,
    init?: RequestInit,
  ): Promise<Response> {
    const headers = new Headers(init?.headers);
    for (const [name, value] of Object.entries(await credentials())) {
      headers.set(name, value);
    }
    // Who waits for an answer that never comes keeps the turn of all tabs.
    const limit = timeout(MOST_MS);
    const signal = AbortSignal.any(
      init?.signal ? [init.signal, limit] : [limit],
    );
    return await watched(fetch(input, { ...init, headers, signal }));
  }
  opened = {
    home,
    rest: new PostgrestClient<Database>(`${url}/rest/v1`, {
      async fetch(input, init) {
        const response = await send(input, init);
        await keepAnswer(init?.signal, toQuestion(input, init), response);
        return response;
      },
      // Polling asks again anyway, and what changes something is asked once.
      retry: false,
    }),
    ask: (path, init) => send(url + path, init),
  };
}

/** Tells the header of the page when the project is out of reach and when it is back. */
async function watched(asked: Promise<Response>): Promise<Response> {
  try {
    const response = await asked;
    trouble.value = await isAway(response)
      ? "The project does not answer"
      : undefined;
    return response;
  } catch (error) {
    if ((error as Error).name !== "AbortError") {
      trouble.value = "Nothing answers";
    }
    throw error;
  }
}

/** Whether a gateway or PostgREST says that what is behind it is out of reach. */
async function isAway(response: Response): Promise<boolean> {
  if (response.status !== 500) {
    return response.status >= 502 && response.status <= 504;
  }
  const body = await response.clone().json().catch(() => undefined);
  // It shuts down or starts: https://www.postgresql.org/docs/17/errcodes-appendix.html
  return /^57P0[123]/.test(body?.code);
}

/** What fetch says of a network that is away in Chromium, Firefox and Safari, as postgrest-js passes it on. */
const NO_NETWORK = /^TypeError: (Failed to fetch|NetworkError|Load failed)/;

/** What an answer of the project holds. @throws Error saying what the project said */
export function dataOf<Data>(
  { data, error }: {
    data: Data;
    error: { message: string; hint?: string | null } | null;
  },
): NonNullable<Data> {
  if (error && NO_NETWORK.test(error.message)) {
    throw new Error("Nothing answers", { cause: error });
  }
  if (error) {
    throw new Error(
      error.hint ? `${error.message}. ${error.hint}` : error.message,
    );
  }
  return data!;
}

/** Calls a SQL function that answers JSON of a known shape. @throws Error saying what the project said */
export async function callFunction<Result>(
  name: string,
  args: Record<string, unknown>,
  signal?: AbortSignal,
): Promise<Result> {
  // The generated types know such an answer as JSON only.
  const call = project().rest.rpc(name as never, args as never);
  return await (signal ? call.abortSignal(signal) : call)
    .then(({ data, error }) => dataOf({ data, error })) as Result;
}

/**
 * Asks Storage or a function of the project: by POST where there is something to send.
 *
 * @throws Error saying what was answered instead
 */
export async function askService<Answer>(
  path: string,
  body: unknown,
  signal: AbortSignal,
): Promise<Answer> {
  const response = await project().ask(path, {
    signal,
    ...body !== undefined && {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    },
  });
  const text = await response.text();
  if (response.ok) return JSON.parse(text);
  // None: no answer of a service, such as the page of a gateway before it.
  const said = readJson(text) as { message?: string } | null | undefined;
  throw new Error(said?.message ?? `The project answered ${response.status}`);
}
