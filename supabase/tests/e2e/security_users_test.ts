import { assert, assertEquals, assertMatch } from "@std/assert";
import { createClient } from "@supabase/supabase-js";
import { type Project, withProject } from "./project.ts";

const ADA = "6f2f9d0e-7a3c-4a53-9f3b-0d1f0c5f6a11";
const BOB = "0b1f9d0e-7a3c-4a53-9f3b-0d1f0c5f6a22";

/** The project as a signed-in user has it. */
async function signIn(project: Project, userId: string) {
  const token = await project.createUserToken(userId);
  return createClient(project.url, project.publishableKey, {
    accessToken: () => Promise.resolve(token),
  });
}

function archiveSaying(content: string): string {
  return JSON.stringify({ messages: [{ role: "user", content }] });
}

Deno.test("a user's source never reaches the folder of another", () =>
  withProject(async (project) => {
    await project.upload(`${ADA}/mine.jsonl`, archiveSaying("hers"));
    await project.upload(`${BOB}/secret.jsonl`, archiveSaying("his"));
    // Storage may be asked by other means than URLs, which would shorten such names.
    await project.sql`
      insert into storage.objects (bucket_id, name, owner_id) values
        ('archives', ${`${ADA}/../${BOB}/secret.jsonl`}, ${ADA}),
        ('archives', ${`${ADA}/deep/../../${BOB}/secret.jsonl`}, ${ADA})
    `;
    const ada = await signIn(project, ADA);
    const start = (source: object) =>
      ada.from("pipeline_runs").insert({ source, endpoint: "model" })
        .select("id").single();
    for (
      const prefix of [
        undefined,
        "",
        ADA,
        `${BOB}/`,
        `/${ADA}/`,
        `../${ADA}/`,
        `${ADA}/../${BOB}/`,
        `${ADA}/./`,
        `${ADA}/..`,
        `${ADA.toUpperCase()}/`,
        [`${ADA}/`],
        { prefix: `${ADA}/` },
      ]
    ) {
      const source = { type: "supabase", bucket: "archives", prefix };
      assertEquals((await start(source)).error?.code, "22023", String(prefix));
      const direct = await ada.functions.invoke("extract-prompts", {
        body: { dataSource: source },
      });
      assertMatch(String(direct.error?.context.status), /^(400|403)$/);
    }
    for (const bucket of ["..", ".", "../archives", { a: 1 }]) {
      const { data } = await start({
        type: "supabase",
        bucket,
        prefix: `${ADA}/`,
      });
      assertEquals((await project.untilOver(data!.id)).status, "failed");
    }

    const { data } = await start({
      type: "supabase",
      bucket: "archives",
      prefix: `${ADA}/`,
    });
    await project.untilOver(data!.id);
    const { data: seen } = await ada.from("prompt_evaluations").select(
      "prompt",
    );
    assertEquals(seen, [{ prompt: "hers" }]);
    const { data: errors } = await ada.from("pipeline_errors").select("message")
      .eq("run_id", data!.id);
    assertEquals(
      errors!.filter(({ message }) => /is \. or \.\./.test(message)).length,
      2,
    );
    const direct = await ada.functions.invoke("extract-prompts", {
      body: {
        dataSource: { type: "supabase", bucket: "archives", prefix: `${ADA}/` },
      },
    });
    assertEquals(
      direct.data.prompts.map(({ text }: { text: string }) => text),
      ["hers"],
    );
    assertEquals(direct.data.errors.length, 2);
    assertEquals(JSON.stringify(project.model.requests).includes("his"), false);
  }, { endpoint: { open_to_users: true } }));

const PRIVATE = [
  (port: number) => `http://127.0.0.1:${port}/`,
  (port: number) => `https://127.0.0.1:${port}/`,
  (port: number) => `https://localhost:${port}/`,
  (port: number) => `https://[::1]:${port}/`,
  (port: number) => `https://[::ffff:127.0.0.1]:${port}/`,
  (port: number) => `https://2130706433:${port}/`,
  (port: number) => `https://user:pass@example.com:${port}/`,
  () => "https://169.254.169.254/latest/meta-data/",
];

Deno.test("a user's webhooks reach no private address", async () => {
  let hits = 0;
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    () => {
      hits++;
      return Response.json({ scores: [] });
    },
  );
  await withProject(async (project) => {
    const ada = await signIn(project, ADA);
    await project.sql`
      insert into prompt_evaluations (prompt, success, response, experiment_name, owner)
      values ('a', true, 'b', 'hers', ${ADA}), ('a', true, 'b', 'hers', ${BOB})
    `;
    const written = PRIVATE.map((toUrl) => toUrl(server.addr.port));
    // What no host can be open for is refused before anything is called.
    const urls = written.filter((url) => !/[@[]/.test(url));
    for (const url of written.filter((url) => !urls.includes(url))) {
      const { error } = await ada.from("pipeline_runs").insert({
        source: { type: "evaluations", experiment: "hers" },
        evaluators: [{ type: "webhook", url }],
      });
      assertEquals(error?.code, "22023", url);
    }
    await project.sql`
      insert into pipeline_webhook_hosts ${
      project.sql(
        [...new Set(urls.map((url) => url.split(/\/\/|[:/]/)[2]))].map((
          host,
        ) => ({ host, open_to_users: true })),
      )
    }
    `;
    const ids: number[] = [];
    for (const url of urls) {
      const { data, error } = await ada.from("pipeline_runs").insert({
        source: { type: "evaluations", experiment: "hers" },
        evaluators: ["refusal", { type: "webhook", url }],
        evaluation_webhook: url,
      }).select("id").single();
      assertEquals(error, null, url);
      ids.push(data!.id);
    }
    for (const id of ids) await project.untilOver(id, 60);
    const refusals = await untilRefused(project, urls.length);
    for (const { error } of refusals) assertMatch(error, /Cannot call https?:/);
    const scores = await project.sql`
      select distinct owner from evaluation_scores
    `;
    assertEquals([...scores], [{ owner: ADA }], "only her own row was graded");
    assertEquals(hits, 0);
  }, {
    endpoint: { open_to_users: true },
    functionEnv: { PIPELINE_ALLOW_PRIVATE_HOSTS: "false" },
  });
  await server.shutdown();
});

Deno.test("a user's headers carry no secret and replace none of the endpoint's", () =>
  withProject(async (project) => {
    const ada = await signIn(project, ADA);
    for (
      const headers of [
        { "x-a": "{{secret:project_url}}" },
        { "x-a": "{{ secret:project_url }}" },
        { "x-a": "{{\u00a0secret:project_url}}" },
        { "x-a": "{{\u2003secret:project_url}}" },
        { "X-Gateway-Target": "https://evil.example" },
      ]
    ) {
      const { error } = await ada.from("pipeline_runs").insert({
        source: { type: "prompts", prompts: ["a"] },
        endpoint: "model",
        options: { headers },
      });
      assertEquals(error?.code, "22023", JSON.stringify(headers));
      for (const operation of ["execute-batch", "run-pipeline"]) {
        const { error } = await ada.functions.invoke(operation, {
          body: {
            ...operation === "execute-batch"
              ? { prompts: ["a"] }
              : { dataSource: { type: "prompts", prompts: ["a"] } },
            endpoint: "model",
            requestOptions: { headers },
          },
        });
        assertMatch(String(error?.context.status), /^(400|403)$/, operation);
      }
    }
    assertEquals(project.model.count(), 0);
    // White space of any kind is a placeholder for the worker, so it must be for the rule.
    await project.sql`
      update model_endpoints set headers = '{"x-b": "{{ secret:project_url }}"}'
    `;
    const id = await project.startRun({ type: "prompts", prompts: ["a"] });
    await project.untilOver(id);
    assert(project.model.requests[0].headers["x-b"].startsWith("http://127."));
  }, {
    endpoint: {
      open_to_users: true,
      headers: { "x-gateway-target": "https://model.example" },
    },
  }));

async function untilRefused({ sql }: Project, count: number) {
  const deadline = Date.now() + 30_000;
  while (Date.now() < deadline) {
    const refused = await sql<{ error: string }[]>`
      select error from pipeline_webhook_deliveries where not delivered and next_attempt_at is null
    `;
    if (refused.length === count) return refused;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`Fewer than ${count} webhooks were refused within 30 s`);
}
