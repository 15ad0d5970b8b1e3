import { assertEquals, assertRejects } from "@std/assert";
import { asDryRun, checkRow, RefusedBody } from "./check_body.ts";

const run = {
  source: { type: "prompts", prompts: ["a"] },
  endpoint: "model",
  evaluators: ["rouge-l", { type: "rubric", rubric: "good?", endpoint: "j" }],
  max_cost: 5,
};

const findTables = () => Promise.resolve(["public.messages"]);

const check = (called: string, body: string) =>
  checkRow(called, body, findTables);

Deno.test("checkRow() passes on what a form can say, and nothing twice", async () => {
  const body = `{"run": {"owner": "somebody"}, "run": ${
    JSON.stringify(run)
  }, "idempotency_key": "k"}`;
  assertEquals(JSON.parse(await check("pipeline_create_run", body)), {
    run,
    idempotency_key: "k",
  });
  const sweep = { name: "tone", variants: [{ endpoint: "a" }], ...run };
  assertEquals(
    JSON.parse(await check("pipeline_create_sweep", JSON.stringify({ sweep }))),
    { sweep },
  );
  const source = {
    type: "table",
    table: "public.messages",
    columns: { content: "body", metadata: ["language"] },
    where: { language: ["de", "en"] },
    after: "last run",
  };
  assertEquals(
    JSON.parse(
      await check("pipeline_create_run", JSON.stringify({ run: { source } })),
    ),
    { run: { source } },
  );
});

const refused: [string, unknown][] = [
  ["an owner", { run, owner: "00000000-0000-4000-8000-000000000000" }],
  ["a clock", { run, as_of: "2026-01-01" }],
  ["an owner in the row", { run: { ...run, owner: null } }],
  ["a status", { run: { ...run, status: "completed" } }],
  ["a webhook", {
    run: { ...run, evaluation_webhook: "https://evil.example" },
  }],
  ["a table", { run: { ...run, results_table: "customers" } }],
  ["headers", { run: { ...run, options: { headers: { "x-a": "b" } } } }],
  ["an evaluator elsewhere", {
    run: {
      ...run,
      evaluators: [{ type: "webhook", url: "https://evil.example" }],
    },
  }],
  ["one alone", {
    run: {
      ...run,
      evaluators: { type: "webhook", url: "https://evil.example" },
    },
  }],
  ["a table without conversations", {
    run: {
      ...run,
      source: {
        type: "table",
        table: "auth.users",
        columns: { prompt: "email" },
      },
    },
  }],
  ["a table beside one with conversations", {
    run: {
      ...run,
      source: {
        type: "table",
        table: "public.messages",
        columns: {
          feedback: { table: "customers", message: "id", value: "card" },
        },
      },
    },
  }],
  ["a table without a name", { run: { ...run, source: { type: "table" } } }],
  ["a directory for a source", {
    run: { ...run, source: { type: "local", directory: "/etc" } },
  }],
  ["a source without a type", { run: { ...run, source: [] } }],
  ["a list for a row", { run: [run] }],
  ["no row", {}],
];

for (const [what, body] of refused) {
  Deno.test(`checkRow() refuses ${what}`, async () => {
    await assertRejects(
      () => check("pipeline_create_run", JSON.stringify(body)),
      RefusedBody,
    );
  });
}

Deno.test("checkRow() says how a table without its schema is written", async () => {
  const words = async (table: string) => {
    const source = { type: "table", table };
    const error = await assertRejects(
      () => check("pipeline_create_run", JSON.stringify({ run: { source } })),
      RefusedBody,
    );
    return error.message;
  };
  const write = "The dashboard takes a table with its schema: write";
  assertEquals(await words("messages"), `${write} "public.messages"`);
  assertEquals(await words("chats"), `${write} "public.chats"`);
});

Deno.test("asDryRun() counts, whatever the body says", async () => {
  const count = (body: string) => asDryRun(body, findTables);
  const dataSource = { type: "supabase", bucket: "b" };
  for (
    const body of [
      { dataSource },
      { dataSource, dryRun: false },
    ]
  ) {
    assertEquals(JSON.parse(await count(JSON.stringify(body))), {
      dataSource,
      dryRun: true,
    });
  }
  for (
    const body of [
      {},
      { dataSource, directory: "/etc" },
      { directory: "/etc" },
      { dataSource: { type: "local", directory: "/etc" } },
      { dataSource: { type: "table", table: "auth.users" } },
      { dataSource: { type: "evaluations", runId: 1 } },
    ]
  ) {
    await assertRejects(() => count(JSON.stringify(body)), RefusedBody);
  }
  await assertRejects(() => count("dryRun"), RefusedBody);
  await assertRejects(() => count("[]"), RefusedBody);
});
