import {
  createServer,
  type IncomingMessage,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import { parseArgs } from "@std/cli/parse-args";
import { apiOfPath, promptOfBody } from "./model_simulator/answers.ts";
import {
  type Directives,
  faultAtCall,
  readDirectives,
} from "./model_simulator/directives.ts";
import { toErrorBody } from "./model_simulator/error_bodies.ts";
import type { Fault } from "./model_simulator/faults.ts";
import {
  createRandom,
  drawLatency,
  type Latency,
} from "./model_simulator/latency.ts";
import { type Call, sendJson, sendReply } from "./model_simulator/replies.ts";

/** How the simulated models behave; every field can be changed while running. */
export interface ModelSimulatorOptions {
  /** Default 0 ms. */
  latency?: Latency;
  /** Seed of latencies and error rates; default 1. */
  seed?: number;
  /** Share of calls, 0 to 1, that meet each fault, such as `{"500": 0.1}`. */
  faultRates?: Partial<Record<Fault, number>>;
  /** More calls within a minute are answered with 429. */
  requestsPerMinute?: number;
  /** `Retry-After` of 429, 503 and 529; default "1". */
  retryAfter?: string;
  /** Answer with streams only. */
  stream?: boolean;
  /** Calls without this key in a usual header are answered with 401. */
  apiKey?: string;
  /** Headers of every answer, such as `x-ratelimit-remaining-requests`. */
  responseHeaders?: Record<string, string>;
  /** The text of an answer; by default it repeats the start of the prompt. */
  answer?: (prompt: string, body: unknown) => string;
  /** Keep what is asked in `requests`; default true. */
  record?: boolean;
}

/** One call as the simulator saw it. */
export interface RecordedRequest {
  /** Milliseconds since the epoch. */
  time: number;
  path: string;
  prompt: string;
  body: unknown;
  /** Values of headers that hold credentials are replaced by `[hidden]`. */
  headers: Record<string, string>;
  /** 0 when the connection was broken before a status. */
  status: number;
}

export interface ModelSimulator {
  /** Origin without a slash at the end, such as `http://127.0.0.1:4242`. */
  url: string;
  requests: RecordedRequest[];
  /** Calls that have come in so far, recorded or not. */
  count(): number;
  /** The most calls that were in flight at one time. */
  peakInFlight(): number;
  configure(options: ModelSimulatorOptions): void;
  stop(): Promise<void>;
}

/**
 * Starts a server that answers like the models of six APIs, by path:
 * `/v1/chat/completions` (and any other path), `/v1/responses`, `/v1/messages`,
 * `/v1beta/models/NAME:generateContent`, `/api/chat` and `/custom`. `/v1/decisions`, `/v1/embeddings` and
 * `:batchEmbedContents` are answered, too, without faults of their own.
 *
 * A prompt may say what is to happen to it: `[[fault:500x2]]` fails twice and
 * then succeeds, `[[fault:reset]]` always fails, `[[latency:800]]` thinks for
 * 800 ms; `model_simulator/faults.ts` lists the faults. `GET /simulator`
 * reports the counts and the last call, and `POST /simulator` takes options, for
 * use as a process of its own.
 */
export async function startModelSimulator(
  initial: ModelSimulatorOptions & { port?: number; hostname?: string } = {},
): Promise<ModelSimulator> {
  let options: ModelSimulatorOptions = { ...initial };
  let random = createRandom(options.seed ?? 1);
  const requests: RecordedRequest[] = [];
  const callsOfPrompt = new Map<string, number>();
  const recentCalls: number[] = [];
  let count = 0;
  let inFlight = 0;
  let peakInFlight = 0;

  function configure(changes: ModelSimulatorOptions): void {
    options = { ...options, ...changes };
    if (changes.seed !== undefined) random = createRandom(changes.seed);
  }

  function answerCall(
    request: IncomingMessage,
    response: ServerResponse,
    text: string,
  ): void {
    const path = request.url!.split("?", 1)[0];
    const api = apiOfPath(path);
    const body = parseJson(text);
    const prompt = promptOfBody(body);
    const directives = readDirectives(prompt);
    count++;
    peakInFlight = Math.max(peakInFlight, ++inFlight);
    response.once("close", () => inFlight--);

    const fault = overLimit() ?? faultOf(prompt, directives) ??
      faultByRate(options.faultRates, random);
    const call = { api, path, prompt, body, bodyLength: text.length, fault };
    const wait = directives?.latencyMs ??
      drawLatency(options.latency ?? 0, random);
    if (wait > 0) setTimeout(() => reply(request, response, call), wait);
    else reply(request, response, call);
  }

  function reply(
    request: IncomingMessage,
    response: ServerResponse,
    call: Call,
  ): void {
    const isRefused = options.apiKey !== undefined &&
      !hasKey(request, options.apiKey);
    const status = isRefused
      ? sendJson(response, 401, toErrorBody(call.api, 401, "Wrong key"))
      : sendReply(response, call, {
        retryAfter: options.retryAfter ?? "1",
        stream: options.stream ?? false,
        headers: options.responseHeaders ?? {},
        answer: options.answer ?? repeatPrompt,
      });
    if (options.record === false) return;
    requests.push({
      time: Date.now(),
      path: call.path,
      prompt: call.prompt,
      body: call.body,
      headers: visibleHeaders(request),
      status,
    });
  }

  function faultOf(
    prompt: string,
    directives: Directives | undefined,
  ): Fault | undefined {
    if (!directives || directives.faults.length === 0) return undefined;
    const call = callsOfPrompt.get(prompt) ?? 0;
    callsOfPrompt.set(prompt, call + 1);
    return faultAtCall(directives, call);
  }

  function overLimit(): Fault | undefined {
    const limit = options.requestsPerMinute;
    if (limit === undefined) return undefined;
    const now = Date.now();
    while (recentCalls.length > 0 && recentCalls[0] <= now - 60_000) {
      recentCalls.shift();
    }
    if (recentCalls.length >= limit) return "429";
    recentCalls.push(now);
  }

  const server = createServer((request, response) => {
    let text = "";
    request.setEncoding("utf8");
    request.on("data", (chunk) => text += chunk);
    request.on("end", () => {
      if (request.url !== "/simulator") {
        return answerCall(request, response, text);
      }
      if (request.method === "POST") {
        configure(parseJson(text) as ModelSimulatorOptions);
      }
      const lastRequest = requests.at(-1);
      sendJson(response, 200, { count, inFlight, peakInFlight, lastRequest });
    });
  });
  const { port = 0, hostname = "127.0.0.1" } = initial;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, hostname, resolve);
  });

  return {
    url: `http://${hostname}:${(server.address() as AddressInfo).port}`,
    requests,
    count: () => count,
    peakInFlight: () => peakInFlight,
    configure,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        // Faults leave connections open on purpose.
        server.closeAllConnections();
      }),
  };
}

function repeatPrompt(prompt: string): string {
  return `You said: ${prompt.slice(0, 80)}`;
}

function faultByRate(
  rates: ModelSimulatorOptions["faultRates"],
  random: () => number,
): Fault | undefined {
  if (!rates) return undefined;
  let drawn = random();
  for (const [fault, rate = 0] of Object.entries(rates)) {
    if (drawn < rate) return fault as Fault;
    drawn -= rate;
  }
}

const CREDENTIAL = /authorization|key|token|secret|cookie/;

function hasKey(request: IncomingMessage, key: string): boolean {
  return Object.entries(request.headers).some(([name, value]) =>
    CREDENTIAL.test(name) && (value === key || value === `Bearer ${key}`)
  );
}

function visibleHeaders(request: IncomingMessage): Record<string, string> {
  return Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [
      name,
      CREDENTIAL.test(name) ? "[hidden]" : String(value),
    ]),
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // a call without JSON has no prompt and is answered so
  }
}

// deno run -A scripts/local/model_simulator.ts --port 0 --latency 200
// prints its URL as the first line. Also: --hostname 0.0.0.0 for callers in
// containers.
if (import.meta.main) {
  const { port = 0, hostname, latency = 0 } = parseArgs(Deno.args, {
    string: ["port", "hostname", "latency"],
  });
  const simulator = await startModelSimulator({
    port: Number(port),
    hostname,
    latency: Number(latency),
    record: false,
  });
  console.log(simulator.url);
}
