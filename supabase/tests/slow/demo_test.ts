import {
  assert,
  assertEquals,
  assertMatch,
  assertNotMatch,
  assertRejects,
} from "@std/assert";
import { readLines } from "../../../scripts/local/lines.ts";
import { startModelSimulator } from "../../../scripts/local/model_simulator.ts";
import { runDemo, spawnDemo } from "../e2e/run_demo.ts";

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

Deno.test("deno task demo with a real model → the key travels through Vault", async () => {
  const model = await startModelSimulator({ apiKey: "key-of-the-test" });
  try {
    const { code, stdout, stderr } = await runDemo(["--max-prompts", "3"], {
      MODEL_ENDPOINT: `${model.url}/v1`,
      MODEL: "large-model",
      OTHER_MODEL: "small-model",
      MODEL_API_KEY: "key-of-the-test",
      // A company's proxy must not come between the parts on this machine.
      HTTP_PROXY: "http://127.0.0.1:9",
    });
    assertEquals(stderr, "");
    assertEquals(code, 0);
    assertMatch(stdout, /large-model at http:.* answers/);
    assertNotMatch(stdout, /simulator|key-of-the-test/);
    assertMatch(stdout, /succeeded 3\n/);
    assertMatch(stdout, /pairs +3: 0 better, 0 worse, 3 equal/);
    const models = model.requests.map(({ body }) =>
      (body as { model: string }).model
    );
    assertEquals(models, [
      ...Array(3).fill("large-model"),
      ...Array(3).fill("small-model"),
    ]);
  } finally {
    await model.stop();
  }
});

Deno.test("deno task demo with a wrong key → one line that says so, exit 1", async () => {
  const model = await startModelSimulator({ apiKey: "right" });
  try {
    const { code, stderr } = await runDemo(["--max-prompts", "3"], {
      MODEL_ENDPOINT: `${model.url}/v1`,
      MODEL: "large-model",
      MODEL_API_KEY: "wrong-key",
    });
    assertEquals(code, 1);
    assertMatch(stderr, /^Cannot complete run 1: it is paused: .*401.*\n$/);
    assertNotMatch(stderr, /wrong-key/);
  } finally {
    await model.stop();
  }
});

Deno.test("deno task demo --keep, then Ctrl-C → everything is stopped", async () => {
  const demo = spawnDemo(["--keep", "--max-prompts", "3"]);
  const { promise: running, resolve } = Promise.withResolvers<void>();
  const urls: string[] = [];
  const output = readLines(demo.stdout, (line) => {
    const url = /^ +(?:Studio|Dashboard) URL: (http:\S+)/.exec(line)?.[1];
    if (url) urls.push(url);
    if (line.startsWith("Still running")) resolve();
  });
  const errors = demo.stderr.cancel();
  await Promise.race([running, output]);
  assertEquals(urls.length, 2);
  for (const url of urls) {
    const response = await fetch(url);
    await response.body?.cancel();
    assertEquals(response.status, 200);
  }

  demo.kill("SIGINT");
  await demo.status;
  await Promise.all([output, errors]);
  for (const url of urls) await assertRejects(() => fetch(url), TypeError);
});

Deno.test("deno task demo interrupted in the middle of its run → exit 130", async () => {
  const demo = spawnDemo([]);
  let asked = false;
  const output = readLines(demo.stdout, (line) => {
    if (!asked && /\d+\/80 prompts/.test(line)) {
      asked = true;
      demo.kill("SIGINT");
    }
  });
  const errors = demo.stderr.cancel();
  assertEquals((await demo.status).code, 130);
  await Promise.all([output, errors]);
});
