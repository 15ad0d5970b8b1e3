import { assertEquals } from "@std/assert";
import { readConfig } from "../config.ts";
import type { Database } from "../database.ts";
import { createTasks } from "../queue/testing/fake_queue.ts";
import { createSimulatedClock } from "../queue/testing/simulated_clock.ts";
import { Isolate } from "./isolate.ts";
import { runWorker } from "./run_worker.ts";

/** Runs a worker of stage execute over 300 tasks; `endsBy` is why its isolate ends after 150. */
async function runExecuteWorker(
  { share, endsBy, load = 0, isolate = new Isolate(() => undefined) }: {
    share?: number;
    endsBy?: string;
    load?: number;
    isolate?: Isolate;
  },
) {
  const { clock, run } = createSimulatedClock();
  const pending = createTasks(300).map((task) => ({
    ...task,
    cached: { response: "4" },
  }));
  const stop = new AbortController();
  const ends: unknown[] = [];
  let finished = 0;
  const answers: Record<string, (args: { results: unknown[] }) => unknown> = {
    pipeline_claim_tasks: () => ({
      status: "running",
      slots: 10,
      leaseToken: "t",
      tasks: pending.splice(0, 10),
    }),
    pipeline_finish_tasks({ results }) {
      finished += results.length;
      if (finished >= 150 && endsBy) {
        stop.abort(new Error("beforeunload", { cause: endsBy }));
      }
      return { status: "running", finished: [], blockedMs: 0 };
    },
    pipeline_end_worker(args) {
      ends.push(args);
      return "the next assignment";
    },
  };
  const database = {
    call: (name: string, args: { results: unknown[] }) =>
      Promise.resolve(answers[name]?.(args)),
  } as unknown as Database;
  const begun = { at: clock.now(), load };
  const next = await run(runWorker({
    workerId: "w",
    stage: "execute",
    run: {
      id: 1,
      owner: null,
      model: "m",
      parameters: {},
      options: {},
      evaluators: [],
      resultsTable: "prompt_evaluations",
    },
    endpoint: {
      name: "e",
      url: "https://model.example/v1/chat/completions",
      format: "openai-chat",
      model: null,
      headers: {},
      request_template: null,
      response_path: null,
      timeout_seconds: 60,
      max_output_tokens: null,
    },
    share,
  }, {
    config: readConfig({
      SUPABASE_URL: "https://project.example",
      SUPABASE_SERVICE_ROLE_KEY: "k",
      PIPELINE_LOG_LEVEL: "off",
    }),
    database,
    fetch: () => Promise.reject(new Error("not used")),
    clock,
    stop: stop.signal,
    isolate,
  }, begun));
  return { finished, ends, next, begun };
}

/** As the counter adds it up. */
function sum(count: number, share: number): number {
  return Array<number>(count).fill(share).reduce((a, b) => a + b, 0);
}

Deno.test("runWorker() says how much it had done when its isolate was cut off", async () => {
  const { ends, finished } = await runExecuteWorker({ endsBy: "cpu" });
  assertEquals(ends, [{
    worker_id: "w",
    load: sum(finished, 1 / 2_000),
    cut_off: true,
    called: [],
    problem: undefined,
    goes_on: false,
  }]);
});

Deno.test("runWorker() was not cut off when its isolate ends for another reason", async () => {
  const { ends, finished } = await runExecuteWorker({ endsBy: "wall_clock" });
  assertEquals(ends, [{
    worker_id: "w",
    load: sum(finished, 1 / 2_000),
    cut_off: false,
    called: [],
    problem: undefined,
    goes_on: false,
  }]);
});

Deno.test("runWorker() takes no more than its share of the usual load", async () => {
  assertEquals((await runExecuteWorker({ share: 0.03 })).finished, 60);
});

Deno.test("runWorker() leaves to another worker in its isolate what that has taken", async () => {
  const isolate = new Isolate(() => undefined);
  const other = isolate.enter(0.03);
  const run = runExecuteWorker({ share: 0.03, isolate });
  other.use(0.03);
  assertEquals((await run).finished, 30);
});

Deno.test("runWorker() gives what its isolate can go on with", async () => {
  const { ends, next, begun } = await runExecuteWorker({ load: 0.1 });
  const [{ load, ...end }] = ends as { load: number }[];
  assertEquals([load.toFixed(3), end], ["0.150", {
    worker_id: "w",
    cut_off: false,
    called: [],
    problem: undefined,
    goes_on: true,
  } as unknown]);
  assertEquals([next as unknown, begun.load.toFixed(3)], [
    "the next assignment",
    "0.250",
  ]);
});

Deno.test("runWorker() asks for nothing more once half of the isolate is used up", async () => {
  const { ends } = await runExecuteWorker({ load: 0.4 });
  assertEquals((ends[0] as { goes_on: boolean }).goes_on, false);
});
