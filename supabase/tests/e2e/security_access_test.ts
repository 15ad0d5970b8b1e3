import {
  assert,
  assertEquals,
  assertMatch,
  assertNotEquals,
  assertStrictEquals,
} from "@std/assert";
import {
  type Answer,
  arrange,
  ask,
  type Person,
  type Setting,
  text,
} from "./access_setting.ts";
import {
  type FunctionAccess,
  FUNCTIONS,
  type OperationAccess,
  OPERATIONS,
  RELATIONS,
  RESULTS_TABLE,
} from "./access_table.ts";
import { type Project, withProject } from "./project.ts";
import { checkRelation } from "./relation_access.ts";

Deno.test("each role reaches what the access table says and nothing else", async (t) => {
  await withProject(async (project) => {
    const setting = await arrange(project);
    await t.step("the table names all there is", () => namesAll(project));
    const results = { ...RESULTS_TABLE, name: "more_answers" };
    for (const relation of [...RELATIONS, results]) {
      await t.step(
        `relation ${relation.name}`,
        () => checkRelation(setting, relation),
      );
    }
    for (const callable of FUNCTIONS) {
      await t.step(
        `function ${callable.name}`,
        () => checkFunction(setting, callable),
      );
    }
    for (const operation of OPERATIONS) {
      await t.step(
        `${operation.method} ${operation.name}`,
        () => checkOperation(setting, operation),
      );
    }
    await t.step("other schemas are not served", () => checkSchemas(setting));
  }, { wakes: "off", functionEnv: { WORKER_SECONDS: "5" } });
});

async function namesAll({ sql }: Project) {
  const relations = await sql`
    select relname as name from pg_class
    where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v', 'm', 'f')
      and relname <> 'more_answers'
      and not exists (select from pg_depend where objid = pg_class.oid and deptype = 'e')
  `;
  assertEquals(sorted(relations), sorted(RELATIONS));
  const functions = await sql`
    select proname as name from pg_proc
    where pronamespace = 'public'::regnamespace
      and not exists (select from pg_depend where objid = pg_proc.oid and deptype = 'e')
  `;
  assertEquals(sorted(functions), sorted(FUNCTIONS));
  const folder = new URL("../../functions/", import.meta.url);
  const folders = (await Array.fromAsync(Deno.readDir(folder)))
    .filter(({ name, isDirectory }) => isDirectory && name !== "_shared");
  assertEquals(sorted(folders), sorted(OPERATIONS));
}

function sorted(named: Iterable<{ name?: string }>): string[] {
  return [...new Set([...named].map(({ name }) => name!))].sort();
}

async function checkFunction(
  { project, anonymous, ada, bob, service }: Setting,
  callable: FunctionAccess,
) {
  const call = (person: Person, runId: number) =>
    ask(
      project,
      person,
      "POST",
      `/rest/v1/rpc/${callable.name}`,
      callable.arguments(runId),
    );
  const isOpen = callable.user !== undefined;
  for (const person of isOpen ? [anonymous] : [anonymous, ada, bob]) {
    const { status, body } = await call(person, person.runId);
    const what = `${person.name}: ${status} ${text(body)}`;
    assert(status === 401 || status === 403, what);
    assertEquals(body.code, "42501", what);
  }
  const steered = Number(
    (await project.sql`
      select id from pipeline_runs where experiment_name = 'steered by ada'
    `)[0].id,
  );
  if (callable.user) {
    const { others } = callable.user;
    const own = await call(ada, steered);
    assert(own.status < 300, `ada: ${text(own.body)}`);
    const other = await call(bob, steered);
    if (others instanceof RegExp) assertMatch(other.body.message, others);
    else if (others === undefined) assertNotEquals(own.body, other.body);
    else {
      assertEquals(other.body, others);
      assertNotEquals(own.body, others);
    }
  }
  const served = await call(service, steered);
  // A rule may still refuse: the worker has ended, there is no such event.
  assert(
    served.status < 300 || /: Cannot |^Cannot /.test(served.body.message),
    `service: ${served.status} ${text(served.body)}`,
  );
}

async function checkOperation(
  { project, anonymous, ada, bob, service }: Setting,
  { name, method, user, body, status: allowed = 200, ...access }:
    OperationAccess,
) {
  const call = (person: Person, owner: Person, endpoint = "open") =>
    ask(
      project,
      person,
      method,
      `/functions/v1/${name}`,
      body?.({ userId: owner.userId, runId: owner.runId, endpoint }),
    );
  const isStatus = ({ status, body }: Answer, wanted: number, who: string) =>
    assertStrictEquals(
      status,
      wanted,
      `${who} ${method} ${name}: ${text(body)}`,
    );
  const statusOf = (reach: "all" | "refused") =>
    reach === "all" ? allowed : 401;

  isStatus(await call(anonymous, ada), statusOf(access.anonymous), "anonymous");
  isStatus(
    await call({ ...anonymous, headers: {} }, ada),
    statusOf(access.anonymous),
    "nobody",
  );
  isStatus(await call(service, ada), statusOf(access.service), "service");
  if (user.reach !== "own") {
    isStatus(await call(ada, ada), statusOf(user.reach), "ada");
    return;
  }
  isStatus(await call(ada, ada), allowed, "ada of hers");
  isStatus(await call(bob, bob), allowed, "bob of his");
  isStatus(await call(ada, bob, "closed"), user.others, "ada of bob's");
}

async function checkSchemas({ project, anonymous, ada, service }: Setting) {
  for (
    const [schema, relation] of [
      ["pipeline", "workers"],
      ["pipeline", "cached_answers"],
      ["pipeline", "task_errors"],
      ["vault", "decrypted_secrets"],
      ["net", "http_request_queue"],
      ["net", "_http_response"],
      ["cron", "job"],
    ]
  ) {
    for (const person of [anonymous, ada, service]) {
      const profiled = {
        headers: { ...person.headers, "accept-profile": schema },
      };
      for (const name of [relation, `${schema}.${relation}`]) {
        const { status } = await ask(
          project,
          profiled,
          "GET",
          `/rest/v1/${name}`,
        );
        assert(status >= 400, `${person.name} ${name} in ${schema}: ${status}`);
      }
    }
  }
}
