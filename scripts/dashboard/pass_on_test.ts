import { assertEquals } from "@std/assert";
import { createPassOn } from "./pass_on.ts";

const connection = { url: "https://project.example", secretKey: "key" };

function ask(name: string, body = "{}"): Request {
  return new Request(`http://127.0.0.1/rest/v1/rpc/${name}`, {
    method: "POST",
    body,
  });
}

Deno.test("createPassOn() asks equal questions that are in flight once, changes each time", async () => {
  const answers = Promise.withResolvers<void>();
  let count = 0;
  const passOn = createPassOn(connection, {
    readOnly: false,
    fetch: async () => {
      count++;
      await answers.promise;
      return Response.json({ count });
    },
  });
  const all = [
    passOn(ask("evaluation_facets")),
    passOn(ask("evaluation_facets")),
    passOn(ask("evaluation_facets", '{"run_id":1}')),
    passOn(ask("pause_pipeline_run")),
    passOn(ask("pause_pipeline_run")),
  ];
  // Bodies are read before anything is asked.
  await new Promise((resolve) => setTimeout(resolve));
  answers.resolve();
  assertEquals(
    (await Promise.all(all)).map(({ status }) => status),
    Array(5).fill(200),
  );
  assertEquals(count, 4);
});

Deno.test("createPassOn() tells when the project is out of reach", async () => {
  const passOn = createPassOn(connection, {
    readOnly: false,
    fetch: () => Promise.reject(new TypeError("connection refused")),
  });
  for (
    const request of [
      ask("evaluation_facets"),
      new Request("http://127.0.0.1/rest/v1/experiment_scores?select=model"),
    ]
  ) {
    const response = await passOn(request);
    assertEquals(response.status, 502);
    assertEquals(await response.json(), {
      message: "Cannot reach the project: connection refused",
    });
  }
});

Deno.test("createPassOn() waits for a project no longer than its signal says", async () => {
  let signal: AbortSignal | null | undefined;
  const passOn = createPassOn(connection, {
    readOnly: false,
    fetch: (_, init) => {
      signal = init?.signal;
      return Promise.resolve(Response.json([]));
    },
  });
  await passOn(ask("evaluation_facets"));
  assertEquals(signal?.aborted, false);
});

Deno.test("createPassOn() reads no results table: answers are read by functions", async () => {
  const asked: string[] = [];
  const passOn = createPassOn(connection, {
    readOnly: false,
    fetch: (url) => {
      asked.push(String(url));
      return Promise.resolve(Response.json([]));
    },
  });
  for (const table of ["prompt_evaluations", "other_answers"]) {
    const { status } = await passOn(
      new Request(`http://127.0.0.1/rest/v1/${table}?select=id`),
    );
    assertEquals(status, 404);
  }
  assertEquals(asked, []);
});

Deno.test("createPassOn() asks a function for a part of its rows, and for nothing else", async () => {
  const asked: string[] = [];
  const passOn = createPassOn(connection, {
    readOnly: false,
    fetch: (url) => {
      asked.push(String(url));
      return Promise.resolve(Response.json([]));
    },
  });
  const part = "list_experiments?offset=1000&limit=1000";
  const statuses: number[] = [];
  for (
    const name of [
      part,
      "list_experiments?limit=1&select=experiment_name,secrets(*)",
      "list_experiments?limit=secrets",
      "list_experiments?owner=is.null",
      "pause_pipeline_run?limit=1",
    ]
  ) {
    statuses.push((await passOn(ask(name))).status);
  }
  assertEquals(statuses, [200, 404, 404, 404, 404]);
  assertEquals(asked, [`${connection.url}/rest/v1/rpc/${part}`]);
});

Deno.test("createPassOn() writes a row as it was looked at, and none with more", async () => {
  const bodies: unknown[] = [];
  const passOn = createPassOn(connection, {
    readOnly: false,
    fetch: (_, init) => {
      bodies.push(init?.body);
      return Promise.resolve(Response.json({ runId: 1 }));
    },
  });
  const sent = await passOn(
    ask("pipeline_create_run", '{"run": {"endpoint": "a"}}'),
  );
  assertEquals(sent.status, 200);
  const refused = await passOn(
    ask("pipeline_create_run", '{"run": {"endpoint": "a", "owner": "b"}}'),
  );
  assertEquals(refused.status, 400);
  assertEquals(await refused.json(), {
    message: 'The dashboard does not write column "owner"',
  });
  assertEquals(bodies, ['{"run":{"endpoint":"a"}}']);
});

Deno.test("createPassOn() asks extract-prompts to count only, with the key where Storage and functions take it", async () => {
  const asked: RequestInit[] = [];
  const passOn = createPassOn({ ...connection, secretKey: "sb_secret_a" }, {
    readOnly: true,
    fetch: (_, init) => {
      asked.push(init!);
      return Promise.resolve(Response.json({}));
    },
  });
  await passOn(
    new Request("http://127.0.0.1/functions/v1/extract-prompts", {
      method: "POST",
      body: '{"dataSource": {"type": "set", "name": "a"}, "dryRun": false}',
    }),
  );
  assertEquals(
    asked[0].body,
    '{"dataSource":{"type":"set","name":"a"},"dryRun":true}',
  );
  const headers = new Headers(asked[0].headers);
  assertEquals(headers.get("apikey"), "sb_secret_a");
  assertEquals(headers.get("authorization"), null);
});

Deno.test("createPassOn() takes prompts from tables that the project finds, and looks for them at most every 10 s", async () => {
  const asked: string[] = [];
  let now = 0;
  const passOn = createPassOn(connection, {
    readOnly: false,
    now: () => now,
    fetch: (url) => {
      asked.push(String(url).split("/").at(-1)!);
      return Promise.resolve(
        Response.json(
          String(url).endsWith("prompt_sources")
            ? [{ table_name: "public.messages" }]
            : {},
        ),
      );
    },
  });
  const run = async (table: string) =>
    (await passOn(
      ask(
        "pipeline_create_run",
        JSON.stringify({ run: { source: { type: "table", table } } }),
      ),
    )).status;
  assertEquals(await run("public.messages"), 200);
  assertEquals(await run("public.messages"), 200);
  assertEquals(await run("public.customers"), 400);
  assertEquals(await run("public.orders"), 400);
  now = 10_000;
  assertEquals(await run("public.orders"), 400);
  assertEquals(asked, [
    "prompt_sources",
    "pipeline_create_run",
    "pipeline_create_run",
    "prompt_sources",
  ]);
});

Deno.test("createPassOn() says when the project does not tell its tables", async () => {
  const passOn = createPassOn(connection, {
    readOnly: false,
    fetch: () =>
      Promise.resolve(
        Response.json({ message: "canceling statement" }, { status: 500 }),
      ),
  });
  const response = await passOn(
    ask(
      "pipeline_create_run",
      '{"run": {"source": {"type": "table", "table": "public.messages"}}}',
    ),
  );
  assertEquals(response.status, 502);
  assertEquals(
    (await response.json()).message.includes("canceling statement"),
    true,
  );
});
