import { assert, assertEquals, assertMatch, assertNotMatch } from "@std/assert";
import { runDemo } from "./run_demo.ts";

Deno.test("deno task demo in a pipe → the whole way, in plain text", async () => {
  const started = performance.now();
  const { code, stdout, stderr } = await runDemo([]);
  assertEquals(stderr, "");
  assertEquals(code, 0);
  assert(performance.now() - started < 60_000, "it takes more than 60 s");
  assertEquals(stdout.includes("\x1b"), false, "there are escape codes");
  assertMatch(stdout, /simulator, not from a\s+model/);
  assertNotMatch(stdout, /worker started/);
  assertMatch(stdout, /insert into pipeline_runs/);
  assertMatch(stdout, /█+░+ +\d+\/80 prompts +[\d.]+\/s +.*\d s left/);
  assertMatch(stdout, /█{40} +80\/80 prompts/);
  assertMatch(stdout, /prompts +80\n +succeeded 80\n +failed +0\n/);
  assertMatch(
    stdout,
    /latency +p50 \d+ ms, p95 \d+ ms\n +tokens +[\d,]+ in, [\d,]+ out/,
  );
  assertMatch(stdout, /samples\/messages\.jsonl, record 8 at byte 3771/);
  assertMatch(stdout, /│ This query takes .*│ Simulated answer to/);
  assertMatch(
    stdout,
    /1 {2}Keep it running[^]*2 {2}Ask a real model[^]*3 {2}See which/,
  );
});

Deno.test("deno task demo with half of a real model → one line, exit 1, nothing started", async () => {
  const { code, stdout, stderr } = await runDemo([], { MODEL: "large-model" });
  assertEquals(code, 1);
  assertEquals(stdout, "");
  assertMatch(stderr, /^Cannot ask a real model without MODEL_ENDPOINT: .*\n$/);
});
