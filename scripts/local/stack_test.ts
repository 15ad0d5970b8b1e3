import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStrictEquals,
} from "@std/assert";
import { delay } from "@std/async/delay";
import { join } from "node:path";
import { decodeProtectedHeader } from "jose";
import { startPgCronWorker } from "./background/pg_cron_worker.ts";
import { startStack } from "./stack.ts";
import {
  clientFor,
  eventually,
  greeting,
  processOf,
  project,
  withStack,
} from "./testing/test_stack.ts";

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
  }));

Deno.test("startStack() answers more first requests at once than REST has connections", () =>
  withStack(async (stack) => {
    const service = clientFor(stack, stack.secretKey);
    const answers = await Promise.all(
      Array.from({ length: 60 }, () => service.rpc("whoami")),
    );
    assertEquals(answers.filter(({ error }) => error), []);
  }));

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

Deno.test("startPgCronWorker() runs what is due at its start, may commit, and cancels what runs when it is stopped", () =>
  withStack(async (stack) => {
    const { sql } = stack;
    // The stack's own is beyond its start once it runs something.
    await sql`
      select cron.schedule('greet', '1 second', 'insert into greetings (message) values (current_user)')
    `;
    await greeting(stack, "supabase_admin");
    await sql`select cron.unschedule('greet')`;
    await sql`delete from cron.job_run_details`;
    await sql.unsafe(`
      create procedure greet_for_long() language plpgsql as $$
      begin
        insert into greetings (message) values ('at the start');
        commit;
        perform pg_sleep(600);
      end;
      $$`);
    await sql`select cron.schedule('at start', '@reboot', 'call greet_for_long()')`;
    const worker = await startPgCronWorker(
      sql,
      () => new Date(),
      (error) => {
        throw error;
      },
    );
    await eventually(async () => {
      const rows = await sql`
        select from greetings where message = 'at the start'
      `;
      return rows.length > 0 || undefined;
    });
    // Too late for this start.
    await sql`
      select cron.schedule('later', '@reboot', 'insert into greetings (message) values (''later'')')
    `;
    await worker.stop();
    const details = await sql`
      select command, status, return_message from cron.job_run_details
    `;
    assertEquals(details.map((row) => ({ ...row })), [{
      command: "call greet_for_long()",
      status: "failed",
      return_message: "ERROR: canceling statement due to user request",
    }]);
    await sql`select cron.unschedule(jobname) from cron.job`;
    await sql`delete from greetings where message = 'at the start'`;
  }));

Deno.test("startStack() puts its address into Vault", () =>
  withStack(async (stack) => {
    const [{ secret }] = await stack.sql`
      select decrypted_secret as secret from vault.decrypted_secrets
      where name = 'pipeline_project_url'
    `;
    assertStrictEquals(secret, stack.url);
  }));

Deno.test("kill() is followed by a restart of every part", () =>
  withStack(async (stack) => {
    await stack.sql`insert into greetings (message) values ('kept')`;
    const kills = [["functions"], ["rest"], ["postgres"], ["rest", "postgres"]];
    for (const parts of kills as Parameters<typeof stack.kill>[0][][]) {
      // The last one while REST is starting.
      for (const part of parts) await stack.kill(part);
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

Deno.test("sql answers as soon as Postgres does, however often it was refused", () =>
  withStack(async ({ sql, kill }) => {
    await kill("postgres");
    const isBack = () =>
      Promise.all(Array.from({ length: 10 }, () => sql`select 1`))
        .then(() => true, () => false);
    const began = Date.now();
    while (!await isBack()) await delay(20);
    const seconds = (Date.now() - began) / 1_000;
    assert(seconds < 8, `it answered after ${seconds} s`);
  }));

Deno.test("renew() makes the database as new, and REST, wakes and functions go on", () =>
  withStack(async (stack) => {
    const service = clientFor(stack, stack.secretKey);
    const makeTable = async (name: string) => {
      await stack.sql.unsafe(
        `create table ${name} (id integer); grant select on ${name} to service_role`,
      ).simple();
      return await eventually(async () =>
        (await service.from(name).select()).data ?? undefined
      );
    };
    const bytes = new TextEncoder().encode("0123456789");
    const upload = async () => {
      await service.storage.createBucket("archives");
      return await service.storage.from("archives").upload("a.json", bytes);
    };
    const served = await processOf(stack);
    // Rows alone are put back, another schema is made anew.
    for (const table of [undefined, "old"]) {
      const [{ id }] = await stack.sql`
        insert into greetings (message) values ('old') returning id
      `;
      assertEquals(Number(id), 1);
      assertEquals((await upload()).error, null);
      if (table) await makeTable(table);
      await stack.renew();
      assertEquals((await service.from("greetings").select()).data, []);
      assertEquals((await service.from("old").select()).status, 404);
      assertEquals((await service.storage.listBuckets()).data, []);
      assertStrictEquals(await processOf(stack), served);
    }
    assertEquals(await makeTable("new"), []);
    const [{ secret }] = await stack.sql`
      select decrypted_secret as secret from vault.decrypted_secrets
      where name = 'pipeline_project_url'
    `;
    assertStrictEquals(secret, stack.url);
    const url = `${stack.url}/functions/v1/hello/later`;
    await stack.sql`select net.http_post(${url}, '"woken"'::jsonb)`;
    await greeting(stack, '"woken"');
  }));

Deno.test("renew() waits for a transaction that reads tables in another order", () =>
  withStack(async (stack) => {
    const { sql } = stack;
    await sql`insert into greetings (message) values ('old')`;
    await sql`insert into net._http_response (id) values (0)`;
    let renewed: Promise<void> | undefined;
    await sql.begin(async (session) => {
      await session`select from net._http_response`;
      renewed = stack.renew();
      await eventually(async () => {
        const [waiting] = await sql`
          select from pg_stat_activity where wait_event_type = 'Lock' and query like 'do %'
        `;
        return waiting;
      });
      await session`select from greetings, cron.job`;
    });
    await renewed;
    assertEquals((await sql`select from greetings`).length, 0);
  }));

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
  }));

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
  }));

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
