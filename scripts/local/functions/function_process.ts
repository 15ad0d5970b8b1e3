/**
 * The process of one Edge Function: what the hosted edge runtime puts around a
 * function, as far as this project uses it. The stack starts it with the path of
 * the function's entry point and the milliseconds by which its clock is wrong.
 */
import { pathToFileURL } from "node:url";
import { reportToParent, sendReport } from "../child_process.ts";
import { createSkewedDate } from "./skewed_date.ts";

/** How long background work may go on after the announcement of the end. */
const gracePeriod = 4_000;

const background = new Set<Promise<unknown>>();

Object.assign(globalThis, {
  EdgeRuntime: {
    waitUntil(work: Promise<unknown>) {
      const kept = Promise.resolve(work)
        .catch((error) => console.error(error))
        .finally(() => background.delete(kept));
      background.add(kept);
      return work;
    },
  },
});

function announceEnd(reason: string): void {
  globalThis.dispatchEvent(
    new CustomEvent("beforeunload", { detail: { reason } }),
  );
}

async function untilIdle(): Promise<void> {
  while (background.size > 0) await Promise.all(background);
}

Deno.addSignalListener("SIGTERM", async () => {
  announceEnd("termination");
  await Promise.race([
    Promise.all(background),
    new Promise((end) => setTimeout(end, gracePeriod)),
  ]);
  Deno.exit(0);
});

const skewMs = Number(Deno.args[1]);
if (skewMs !== 0) globalThis.Date = createSkewedDate(skewMs);

const listen = Deno.serve;
let served: Deno.ServeHandler | undefined;

// As on hosted Supabase a function may call it, with or without options, and listens nowhere of its own:
// https://supabase.com/docs/guides/functions/quickstart
Object.defineProperty(Deno, "serve", {
  value(...args: (Deno.ServeHandler | { handler?: Deno.ServeHandler })[]) {
    const last = args.at(-1);
    served = typeof last === "function" ? last : last?.handler;
    return {
      addr: { transport: "tcp", hostname: "127.0.0.1", port: 0 },
      finished: new Promise<void>(() => {}),
      shutdown: () => Promise.resolve(),
      ref() {},
      unref() {},
    };
  },
});

const { default: entry } = await import(pathToFileURL(Deno.args[0]).href);
if (!entry?.fetch && !served) {
  throw new TypeError(
    `Cannot serve ${
      Deno.args[0]
    }: it neither exports default { fetch } nor calls Deno.serve()`,
  );
}

const server = listen(
  {
    hostname: "127.0.0.1",
    port: 0,
    onListen: ({ port }) => reportToParent(port, obey),
    onError(error) {
      console.error(error);
      return new Response("Internal Server Error", {
        status: 500,
        headers: { "sb-error-code": "WORKER_ERROR" },
      });
    },
  },
  (request, info) =>
    entry?.fetch ? entry.fetch(request) : served!(request, info),
);

/**
 * Takes `retire`: end when nothing is left to do; `beforeunload <reason>`; and
 * `memory`: report how many bytes the hosted runtime would count.
 */
function obey(command: string): void {
  const [verb, reason] = command.split(" ");
  if (verb === "retire") retire();
  if (verb === "beforeunload") announceEnd(reason);
  if (verb === "memory") {
    const { heapUsed, external } = Deno.memoryUsage();
    sendReport(String(heapUsed + external));
  }
}

async function retire(): Promise<void> {
  await server.shutdown();
  await untilIdle();
  announceEnd("early_drop");
  await untilIdle();
  Deno.exit(0);
}
