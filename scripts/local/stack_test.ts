import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStrictEquals,
} from "@std/assert";
import { join } from "node:path";
import { createClient } from "@supabase/supabase-js";
import { decodeProtectedHeader } from "jose";
import { checkout } from "./checkout.ts";
import { isAlive } from "./is_alive.ts";
import { type Stack, startStack } from "./stack.ts";

const project = join(checkout, "scripts", "local", "test_project");

/** Starts a stack of its own for a test and stops it at the end. */
async function withStack(
  test: (stack: Stack) => Promise<void>,
  options: Parameters<typeof startStack>[0] = {},
): Promise<void> {
  const stack = await startStack({ port: 0, project, ...options });
  try {
    await test(stack);
  } finally {
    await stack.stop();
  }
}

/** Asks again until the answer is there; fails after 10 seconds. */
async function eventually<T>(ask: () => Promise<T | undefined>): Promise<T> {
  for (let waited = 0; waited < 10_000; waited += 20) {
    const answer = await ask().catch(() => undefined);
    if (answer !== undefined) return answer;
    await new Promise((go) => setTimeout(go, 20));
  }
  throw new Error("it did not happen within 10 seconds");
}

const clientFor = (stack: Stack, key: string, token?: string) =>
  createClient(stack.url, key, {
    auth: { persistSession: false, autoRefreshToken: false },
    ...token && { accessToken: () => Promise.resolve(token) },
  });

const greeting = (stack: Stack, message: string) =>
  eventually(async () => {
    const [row] = await stack.sql`
      select message from greetings where message = ${message}
    `;
    return row;
  });

Deno.test("startStack() serves REST by the grants and policies of the migrations", () =>
  withStack(async (stack) => {
    const service = clientFor(stack, stack.secretKey);
    const anon = clientFor(stack, stack.publishableKey);
    const ada = crypto.randomUUID();
    const user = clientFor(
      stack,
      stack.publishableKey,
      await stack.createUserToken(ada),
    );
    assertEquals(
      (await service.from("greetings").insert({ message: "a" })).error,
      null,
    );
    assertEquals(
      (await user.from("greetings").insert({ message: "b" })).error,
      null,
    );
    assertEquals((await anon.from("greetings").select()).error?.code, "42501");
    assertEquals((await user.from("greetings").select("message")).data, [{
      message: "b",
    }]);
    assertEquals((await service.from("greetings").select()).data?.length, 2);
    assertEquals((await user.rpc("whoami")).data, {
      role: "authenticated",
      user: ada,
      limit: "8s",
    });
    const keyless = await fetch(`${stack.url}/rest/v1/greetings`);
    assertEquals(keyless.status, 401);
    await keyless.body?.cancel();
  }));

Deno.test("startStack() signs users in with a token that names its key", () =>
  withStack(async (stack) => {
    const client = clientFor(stack, stack.publishableKey);
    const { data, error } = await client.auth.signUp({
      email: "ada@example.org",
      password: "correct horse",
    });
    assertEquals(error, null);
    const { access_token: token } = data.session!;
    assertEquals(decodeProtectedHeader(token).kid, "local");
    assertStrictEquals((await client.rpc("whoami")).data.user, data.user!.id);
    assertStrictEquals(
      (await client.auth.getUser(token)).data.user?.id,
      data.user!.id,
    );
  }, { functions: [] }));

Deno.test("startStack() gives at most 1,000 rows", () =>
  withStack(async (stack) => {
    const service = clientFor(stack, stack.secretKey);
    const { data } = await service.rpc("many_numbers", { amount: 2_000 });
    assertEquals(data.length, 1_000);
  }));

Deno.test("startStack() serves objects, also in parts", () =>
  withStack(async (stack) => {
    const storage = clientFor(stack, stack.secretKey).storage;
    await storage.createBucket("archives");
    const bucket = storage.from("archives");
    const bytes = new TextEncoder().encode("0123456789");
    assertEquals((await bucket.upload("2026/a.json", bytes)).error, null);
    assertMatch(
      (await bucket.upload("ä.json", bytes)).error!.message,
      /Invalid key/,
    );
    const { data } = await bucket.download("2026/a.json");
    assertEquals(await data?.text(), "0123456789");

    await bucket.upload("2026/deep/b.json", bytes);
    const { data: listed } = await bucket.list("2026");
    assertEquals(listed?.map(({ name, id }) => [name, id !== null]), [
      ["deep", false],
      ["a.json", true],
    ]);

    const url = `${stack.url}/storage/v1/object/archives/2026/a.json`;
    const part = await fetch(url, {
      headers: { apikey: stack.secretKey, range: "bytes=2-4" },
    });
    assertEquals(part.status, 206);
    assertEquals(part.headers.get("content-range"), "bytes 2-4/10");
    assertEquals(await part.text(), "234");
    const beyond = await fetch(url, {
      headers: { apikey: stack.secretKey, range: "bytes=99-" },
    });
    assertEquals(beyond.status, 416);
    await beyond.body?.cancel();

    const signs = "it's (1) q? x+y&z$a@b=c;d:e,f!*.json";
    const escaped = `signs?=/${signs}`.split("/").map(encodeURIComponent)
      .join("/");
    assertEquals((await bucket.upload(escaped, bytes)).error, null);
    assertEquals((await bucket.list("signs?=")).data?.[0].name, signs);
    assertEquals((await bucket.info(escaped)).data?.name, `signs?=/${signs}`);
    assertEquals((await bucket.download(escaped)).data?.size, 10);

    const blob = new Blob(["from a blob"], { type: "text/plain" });
    assertEquals((await bucket.upload("b.txt", blob)).error, null);
    const { data: info } = await bucket.info("b.txt");
    assertEquals(info?.contentType, "text/plain");
    for (const metadata of [{ originalPath: "ä.txt" }, {}]) {
      for (const body of [bytes, blob]) {
        await bucket.upload("d.txt", body, { upsert: true, metadata });
        const kept: unknown = (await bucket.info("d.txt")).data?.metadata;
        assertEquals(kept, metadata);
      }
    }
    assertMatch(
      (await bucket.copy("b.txt", "ä.txt")).error!.message,
      /Invalid key/,
    );
    const { data: signed } = await bucket.createSignedUrl("b.txt", 60);
    assertEquals(await (await fetch(signed!.signedUrl)).text(), "from a blob");
    const { data: upload } = await bucket.createSignedUploadUrl("c.txt");
    const { error } = await bucket.uploadToSignedUrl(
      "c.txt",
      upload!.token,
      bytes,
    );
    assertEquals(error, null);

    const anon = clientFor(stack, stack.publishableKey).storage;
    assert((await anon.from("archives").download("2026/a.json")).error);
    assertEquals((await anon.from("archives").list("2026")).data, []);
  }));

Deno.test("startStack() runs functions as hosted Supabase does", () =>
  withStack(async (stack) => {
    const hello = `${stack.url}/functions/v1/hello`;
    const { pathname, extra, variables } = await (await fetch(hello)).json();
    assertEquals(pathname, "/hello");
    assertEquals(extra, "yes");
    assertEquals(variables.includes("SUPABASE_JWKS"), true);
    assertEquals(variables.includes("SHELL"), false);
    assertEquals(await (await fetch(`${hello}/forbidden`)).json(), {
      write: "NotCapable",
      run: "NotCapable",
    });
    const later = await fetch(`${hello}/later`, {
      method: "POST",
      body: "later",
    });
    assertEquals(later.status, 202);
    await later.body?.cancel();
    await greeting(stack, "later");
  }, { functionEnv: { EXTRA: "yes" } }));

Deno.test("startStack() starts a function at its first call, which is told why it does not start", async () => {
  const folder = await Deno.makeTempDir();
  await Deno.mkdir(join(folder, "migrations"));
  await Deno.mkdir(join(folder, "functions", "broken"), { recursive: true });
  await Deno.writeTextFile(join(folder, "config.toml"), "");
  await Deno.writeTextFile(
    join(folder, "functions", "broken", "index.ts"),
    'throw new Error("no key");\n',
  );
  await withStack(async (stack) => {
    for (let call = 0; call < 2; call++) {
      const response = await fetch(`${stack.url}/functions/v1/broken`, {
        headers: { apikey: stack.secretKey },
      });
      assertEquals(response.status, 502);
      assertMatch(
        (await response.json()).message,
        /^Cannot reach functions: Cannot start function broken: .*no key/s,
      );
    }
  }, { project: folder });
  await Deno.remove(folder, { recursive: true });
});

Deno.test("startStack() announces the end to functions", async () => {
  const dataDir = join(await Deno.makeTempDir({ dir: "/var/tmp" }), "data");
  await Deno.chmod(join(dataDir, ".."), 0o755);
  await withStack(async (stack) => void await processOf(stack), { dataDir });
  await withStack(
    async (stack) => void await greeting(stack, "goodbye: termination"),
    { dataDir, functions: [] },
  );
  await Deno.remove(join(dataDir, ".."), { recursive: true });
});

/** The process that answers for the function, or for a path of it. */
async function processOf(
  stack: Stack,
  path = "",
  body?: string,
): Promise<number> {
  const response = await fetch(`${stack.url}/functions/v1/hello${path}`, {
    method: body === undefined ? "GET" : "POST",
    body,
  });
  return (await response.json()).process;
}

const replacement = (stack: Stack, ended: number) =>
  eventually(async () => {
    const process = await processOf(stack);
    return process === ended ? undefined : process;
  });

Deno.test("startStack() replaces a function that has used half its time and lets it finish", () =>
  withStack(async (stack) => {
    // Under way when the first has used half of its 6 seconds.
    const slow = processOf(stack, "/worked", "3500");
    const first = await processOf(stack);
    assert(await replacement(stack, first));
    assertStrictEquals(await slow, first);
    await greeting(stack, "goodbye: early_drop");
    await eventually(() => Promise.resolve(!isAlive(first) || undefined));
  }, { isolateLimits: { cpuMs: 1e6, memoryMb: 1e6, wallMs: 6_000 } }));

Deno.test("startStack() kills a function at the limit of wall clock, told before", () =>
  withStack(async (stack) => {
    const first = await processOf(stack, "/wait");
    await greeting(stack, "goodbye: wall_clock");
    await eventually(() => Promise.resolve(!isAlive(first) || undefined));
  }, { isolateLimits: { cpuMs: 1e6, memoryMb: 1e6, wallMs: 2_000 } }));

Deno.test("startStack() kills a function at the limit of memory", () =>
  withStack(async (stack) => {
    const first = await processOf(stack, "/hold");
    const second = await replacement(stack, first);
    await eventually(() => Promise.resolve(!isAlive(first) || undefined));
    assert(isAlive(second));
  }, { isolateLimits: { cpuMs: 1e6, memoryMb: 100, wallMs: 1e6 } }));

Deno.test({
  name:
    "startStack() kills a function that has used its processor time, told before",
  // Elsewhere nothing tells what a thread has used.
  ignore: Deno.build.os !== "linux",
  fn: () =>
    withStack(async (stack) => {
      const first = await processOf(stack, "/work", "60000");
      const second = await replacement(stack, first);
      assert(isAlive(second));
      await greeting(stack, "goodbye: cpu");
      await eventually(() => Promise.resolve(!isAlive(first) || undefined));
      assertStrictEquals(await processOf(stack), second);
    }, { isolateLimits: { cpuMs: 1_000, memoryMb: 1e6, wallMs: 1e6 } }),
});

Deno.test("startStack() sends pg_net's requests after the commit", () =>
  withStack(async (stack) => {
    const url = `${stack.url}/functions/v1/hello/echo`;
    await assertRejects(
      () =>
        stack.sql.begin(async (sql) => {
          await sql`select net.http_post(${url})`;
          throw new Error("rolled back");
        }),
      Error,
      "rolled back",
    );
    const [{ id }] = await stack.sql`
      select net.http_post(${url}, '{"a": 1}'::jsonb) as id
    `;
    const response = await eventually(async () => {
      const [row] = await stack.sql`
        select status_code, content, timed_out from net._http_response
        where id = ${id}
      `;
      return row;
    });
    assertEquals({ ...response }, {
      status_code: 200,
      content: '{"a": 1}',
      timed_out: false,
    });
    const [{ responses }] = await stack.sql`
      select count(*)::integer as responses from net._http_response
    `;
    assertEquals(responses, 1);
  }));

Deno.test("setWakes() loses or repeats pg_net's requests", () =>
  withStack(async (stack) => {
    const url = `${stack.url}/functions/v1/hello/later`;
    const left = () =>
      eventually(async () => {
        const [{ count }] = await stack.sql`
          select count(*)::integer from net.http_request_queue
        `;
        return count === 0 || undefined;
      });
    await stack.sql`select net.http_post(${url}, '"lost"'::jsonb)`;
    await left();
    stack.setWakes("triple");
    await stack.sql`select net.http_post(${url}, '"repeated"'::jsonb)`;
    await eventually(async () => {
      const rows = await stack.sql`
        select message from greetings where message = '"repeated"'
      `;
      return rows.length === 3 || undefined;
    });
    assertEquals(
      (await stack.sql`select from greetings where message = '"lost"'`).length,
      0,
    );
  }, { wakes: "off" }));

Deno.test("startStack() runs pg_cron's jobs as the user who scheduled them", () =>
  withStack(async (stack) => {
    const command = "insert into greetings (message) values (current_user)";
    await stack.sql.begin(async (sql) => {
      await sql`set local role postgres`;
      await sql`select cron.schedule('greet', '1 second', ${command})`;
      await sql`select cron.schedule('fail', '1 second', 'select 1 / 0')`;
    });
    await greeting(stack, "postgres");
    const details = await eventually(async () => {
      const rows = await stack.sql`
        select distinct on (command) status, return_message
        from cron.job_run_details
        where status <> 'running'
        order by command
      `;
      return rows.length === 2 ? rows : undefined;
    });
    assertEquals(details.map((row) => ({ ...row })), [
      { status: "succeeded", return_message: "INSERT 1" },
      { status: "failed", return_message: "ERROR: division by zero" },
    ]);
    await stack.sql.begin(async (sql) => {
      await sql`set local role postgres`;
      await sql`select cron.unschedule(jobname) from cron.job`;
    });
  }));

Deno.test("startStack() puts its address into Vault", () =>
  withStack(async (stack) => {
    const [{ secret }] = await stack.sql`
      select decrypted_secret as secret from vault.decrypted_secrets
      where name = 'pipeline_project_url'
    `;
    assertStrictEquals(secret, stack.url);
  }, { functions: [] }));

Deno.test("kill() is followed by a restart of every part", () =>
  withStack(async (stack) => {
    await stack.sql`insert into greetings (message) values ('kept')`;
    for (const part of ["functions", "rest", "postgres"] as const) {
      await stack.kill(part);
      await stack.ready();
      const response = await fetch(`${stack.url}/functions/v1/hello`);
      assertEquals(response.status, 200);
      await response.body?.cancel();
      const service = clientFor(stack, stack.secretKey);
      await eventually(async () => {
        const { data } = await service.from("greetings").select("message");
        return data?.length === 1 || undefined;
      });
    }
    const url = `${stack.url}/functions/v1/hello/later`;
    await stack.sql`select net.http_post(${url}, '"again"'::jsonb)`;
    await greeting(stack, '"again"');
  }));

Deno.test("startStack() starts a function with a clock that is wrong", () => {
  const skews = [600_000, -600_000];
  const offset = async ({ url }: Stack) => {
    const response = await fetch(`${url}/functions/v1/hello`);
    return Math.round(((await response.json()).time - Date.now()) / 60_000);
  };
  return withStack(async (stack) => {
    assertEquals(await offset(stack), 10);
    await stack.kill("functions");
    assertEquals(await offset(stack), -10);
  }, { clockSkewMs: () => skews.shift()! });
});

Deno.test("startStack() uses a plain server of the user's", () =>
  withStack(async (server) => {
    // template0 has nothing of Supabase, and no pg_net is loaded into the server.
    await server.sql`create database plain template template0`;
    const databaseUrl = server.databaseUrl.replace(
      /\/\/postgres:(.*)\/postgres$/,
      "//supabase_admin:$1/plain",
    );
    await withStack(async (stack) => {
      const [{ extensions }] = await stack.sql`
        select array_agg(extname::text order by extname) as extensions
        from pg_extension
      `;
      assertEquals(extensions, [
        "pgcrypto",
        "plpgsql",
        "supabase_vault",
        "uuid-ossp",
      ]);
      const service = clientFor(stack, stack.secretKey);
      const { error } = await service.from("greetings").insert({
        message: "a",
      });
      assertEquals(error, null);
      const url = `${stack.url}/functions/v1/hello/later`;
      await stack.sql`select net.http_post(${url}, '"sent"'::jsonb)`;
      await greeting(stack, '"sent"');
      const command = "insert into greetings (message) values ('scheduled')";
      await stack.sql`select cron.schedule('greet', '1 second', ${command})`;
      await greeting(stack, "scheduled");
    }, { databaseUrl });
    // A second start on the same database finds everything in place.
    await withStack(
      async (stack) => void await greeting(stack, "scheduled"),
      { databaseUrl, functions: [] },
    );
  }, { functions: [] }));

Deno.test("startStack() says why a server of the user's is of no use", async () => {
  assertMatch(
    (await assertRejects(
      () =>
        startStack({
          port: 0,
          project,
          databaseUrl: "postgres://x@127.0.0.1:1/x",
        }),
      Error,
    )).message,
    /Cannot use the PostgreSQL server at 127\.0\.0\.1:1: .*ECONNREFUSED/,
  );
});

Deno.test("startStack() takes the next port when one is busy", () =>
  withStack(async (first) => {
    const port = Number(new URL(first.url).port);
    await withStack((second) => {
      const other = Number(new URL(second.url).port);
      assert(other > port && other < port + 100);
      return Promise.resolve();
    }, { port, functions: [] });
  }, { functions: [] }));

Deno.test("startStack() says which process uses the data folder", async () => {
  const parent = await Deno.makeTempDir({ dir: "/var/tmp" });
  await Deno.chmod(parent, 0o755);
  const dataDir = join(parent, "data");
  await withStack(async () => {
    await assertRejects(
      () => startStack({ port: 0, project, dataDir }),
      Error,
      `process ${Deno.pid} runs an embedded Supabase in it`,
    );
  }, { dataDir, functions: [] });
  await Deno.remove(parent, { recursive: true });
});

Deno.test("startStack() names file and line of a broken migration", async () => {
  const broken = await Deno.makeTempDir();
  await Deno.mkdir(join(broken, "migrations"));
  await Deno.mkdir(join(broken, "functions"));
  await Deno.writeTextFile(join(broken, "config.toml"), "");
  const file = join(broken, "migrations", "1_broken.sql");
  await Deno.writeTextFile(file, "select 1;\n\nselect nothing;\n");
  const error = await assertRejects(
    () => startStack({ port: 0, project: broken }),
    Error,
  );
  assertMatch(
    error.message,
    /1_broken\.sql:3: column "nothing" does not exist/,
  );
  await Deno.remove(broken, { recursive: true });
});
