import { assert, assertEquals } from "@std/assert";
import { type Project, withProject } from "./project.ts";

const SECRET = 'sk-live-Zq7"w/+9é=x';
const HIDDEN = /\[secret\]/;

/** Every way in which a model may give back the key that it was called with. */
const ECHOES: Record<string, (key: string) => Response> = {
  "as its answer": (key) => answer(`Your key is ${key}`),
  "as JSON in its answer": (key) => answer(JSON.stringify({ key })),
  "in a URL and in base64": (key) =>
    answer(`${encodeURIComponent(key)} ${btoa(key)}`),
  "as its model": (key) =>
    Response.json({ ...chat("hello"), model: `model-of-${key}` }),
  "as its finish reason": (key) =>
    Response.json({
      choices: [{ message: { content: "hello" }, finish_reason: key }],
    }),
  "as a tool call": (key) =>
    Response.json({
      choices: [{
        message: {
          content: "hello",
          tool_calls: [{
            function: { name: key, arguments: `{"k":"${key}"}` },
          }],
        },
        finish_reason: "tool_calls",
      }],
    }),
  "as a refusal": (key) =>
    Response.json({ choices: [{ message: { content: null, refusal: key } }] }),
  "as the message of an error": (key) =>
    problem(400, { message: `Bad key ${key}`, type: key, code: key }),
  "as the detail of an error": (key) =>
    Response.json({ detail: [{ loc: key, msg: key }] }, { status: 422 }),
  "as an error without JSON": (key) => new Response(key, { status: 405 }),
  "as the title of a page": (key) =>
    new Response(`<html><title>${key}</title></html>`, { status: 400 }),
  "as the address of a redirect": (key) =>
    new Response(null, {
      status: 302,
      headers: { location: `/${encodeURIComponent(key)}` },
    }),
  "as headers": (key) =>
    Response.json(chat("hello"), {
      headers: {
        "x-request-id": encodeURIComponent(key),
        "x-ratelimit-remaining-requests": encodeURIComponent(key),
        "retry-after": encodeURIComponent(key),
      },
    }),
  "piece by piece": (key) =>
    new Response(
      [...key].map((piece) =>
        `data: ${
          JSON.stringify({ choices: [{ delta: { content: piece } }] })
        }\n\n`
      ).join("") +
        `data: ${
          JSON.stringify({ choices: [{ delta: {}, finish_reason: "stop" }] })
        }\n\n`,
      { headers: { "content-type": "text/event-stream" } },
    ),
  "as an error that passes": (key) =>
    problem(500, { message: `Internal error of ${key}` }),
  "as an answer of another kind": (key) => Response.json({ [key]: [key] }),
};

function chat(content: string) {
  return { choices: [{ message: { content }, finish_reason: "stop" }] };
}

function answer(content: string): Response {
  return Response.json(chat(content));
}

function problem(status: number, error: object): Response {
  return Response.json({ error }, { status });
}

/** A model and a receiver of webhooks that give everything back that they are sent. */
function startEcho() {
  const seen = { keys: new Set<string>(), signatures: 0 };
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    async (request) => {
      const body = await request.text();
      if (new URL(request.url).pathname === "/hook") {
        if (request.headers.has("webhook-signature")) seen.signatures++;
        return new Response(body + [...request.headers.values()].join(), {
          status: 410,
        });
      }
      // Headers are bytes, one for each of the key's characters.
      const key = request.headers.get("authorization")!.slice("Bearer ".length);
      seen.keys.add(key);
      const { messages } = JSON.parse(body);
      return (ECHOES[messages.at(-1).content] ?? answer)(key);
    },
  );
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    seen,
    stop: () => server.shutdown(),
  };
}

Deno.test("a secret stays in Vault, whatever a model and a webhook do with it", async () => {
  const echo = startEcho();
  const log: string[] = [];
  try {
    await withProject(async (project) => {
      await project.sql`select pipeline_set_secret('MODEL_KEY', ${SECRET})`;
      await project
        .sql`update model_endpoints set url = ${`${echo.url}/v1/chat/completions`}, headers = '{"Authorization": "Bearer {{secret:MODEL_KEY}}"}'`;
      const id = await project.startRun(
        { type: "prompts", prompts: Object.keys(ECHOES) },
        {
          options: project.sql.json({ keepBody: true, cache: true }),
          evaluators: project.sql.json([
            "refusal",
            { type: "rubric", rubric: "as its answer", endpoint: "model" },
            { type: "webhook", url: `${echo.url}/hook` },
          ]),
          evaluation_webhook: `${echo.url}/hook`,
          max_attempts: 1,
        },
      );
      await project.untilOver(id, 60);
      await untilNotified(project);
      const direct = await fetch(`${project.url}/functions/v1/execute-batch`, {
        method: "POST",
        headers: { apikey: project.secretKey },
        body: JSON.stringify({
          prompts: Object.keys(ECHOES),
          endpoint: "model",
          requestOptions: { retries: 0 },
        }),
      });

      assertEquals([...echo.seen.keys], [SECRET], "the secret was sent");
      assert(echo.seen.signatures > 0, "the webhook was called");
      const stored = JSON.stringify(
        await project.sql`select * from prompt_evaluations`,
      );
      assert(HIDDEN.test(stored), "what came back was recognised");
      const known = await findEverywhere(project, "as its answer");
      assert(known.includes("pipeline.prompts"), "the search finds texts");
      const [{ secret: webhookSecret }] = await project.sql`
        select decrypted_secret as secret from vault.decrypted_secrets
        where name = 'pipeline_webhook_secret'
      `;
      for (const secret of [SECRET, webhookSecret]) {
        const places = await findEverywhere(project, secret);
        assertEquals(places, ["vault.secrets"]);
        assertEquals(mentions(log.join("\n"), secret), false, "in the log");
        assertEquals(mentions(await direct.clone().text(), secret), false);
      }
    }, { log: (line) => log.push(line) });
  } finally {
    await echo.stop();
  }
});

async function untilNotified({ sql }: Project) {
  const deadline = Date.now() + 30_000;
  while (Date.now() < deadline) {
    const [{ deliveries }] = await sql`
      select count(*)::integer as deliveries from pipeline_webhook_deliveries
    `;
    if (deliveries > 0) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("No webhook was delivered within 30 s");
}

function spellingsOf(secret: string): string[] {
  const bytes = new TextEncoder().encode(secret);
  return [
    secret,
    JSON.stringify(secret).slice(1, -1),
    encodeURIComponent(secret),
    bytes.toBase64(),
    bytes.toHex(),
    btoa(secret),
  ];
}

function mentions(text: string, secret: string): boolean {
  return spellingsOf(secret).some((spelling) => text.includes(spelling));
}

/** The tables of the whole database, system catalogues too, with a row that holds the secret. */
async function findEverywhere(
  { sql }: Project,
  secret: string,
): Promise<string[]> {
  const tables = await sql`
    select format('%I.%I', nspname, relname) as name
    from pg_class join pg_namespace on pg_namespace.oid = relnamespace
    where relkind in ('r', 'p', 'm') and nspname <> 'pg_toast'
    order by 1
  `;
  const spellings = spellingsOf(secret).flatMap((spelling) => [
    spelling,
    JSON.stringify(spelling).slice(1, -1),
  ]);
  const found: string[] = [];
  for (const { name } of tables) {
    // As JSON, texts that hold a spelling hold it once more escaped; as text, bytes are hex.
    // Without the offset each row is written anew for each spelling.
    const [{ count }] = await sql.unsafe(
      `select count(*)::integer as count
       from ${name} as row
       cross join lateral (select row::text || to_jsonb(row)::text as whole offset 0) as written
       where exists (
         select from unnest($1::text[]) as spelling where strpos(whole, spelling) > 0
       )`,
      [spellings],
    );
    if (count > 0) found.push(name);
  }
  return found;
}
