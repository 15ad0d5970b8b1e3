import { assertEquals } from "@std/assert";
import { followCreatedNames } from "./created_names.ts";

async function follow(...texts: string[]) {
  const { names, unread } = await followCreatedNames(
    texts.map((sql, index) => ({ file: `${index + 1}.sql`, sql })),
  );
  const found = Object.fromEntries(
    Object.entries(names).map(([kind, files]) => [kind, [...files.keys()]])
      .filter(([, list]) => list.length > 0),
  );
  return { found, unread };
}

Deno.test("followCreatedNames() finds what is made, in public where nothing else is said", async () => {
  const { found } = await follow(`
    create table if not exists Runs (id int);
    create view shop.orders as select 1;
    create materialized view totals as select 1;
    create index on runs (id);
    create index runs_idx on shop.orders (id);
    create or replace function public.cancel_run(id bigint) returns void language sql as $$ select 'create table no (id int)' $$;
    create type mood as enum ('a');
    create domain shop.amount as int;
    create schema pipeline;
    create role "Reader";
    create sequence numbers;
    -- create table comment (id int);
  `);
  assertEquals(found, {
    schemas: ["pipeline"],
    relations: [
      "public.runs",
      "shop.orders",
      "public.totals",
      "shop.runs_idx",
      "public.numbers",
    ],
    functions: ["public.cancel_run"],
    types: ["public.mood", "shop.amount"],
    roles: ["Reader"],
  });
});

Deno.test("followCreatedNames() forgets what is dropped, and renames", async () => {
  const { found } = await follow(
    "create table a (id int); create table b (id int); create function f() returns int language sql as 'select 1';",
    "drop table public.a; alter table b rename to c; drop function f(); create schema s; create table s.t (id int); drop schema s cascade;",
  );
  assertEquals(found, { relations: ["public.c"] });
});

Deno.test("followCreatedNames() finds jobs of pg_cron, also in blocks of code", async () => {
  const { found } = await follow(
    "select cron.schedule('nightly', '0 3 * * *', 'select 1'); do $$ begin perform cron.schedule(job_name := 'hourly', '0 * * * *', $q$select 1$q$); end $$;",
    "select cron.unschedule('nightly');",
  );
  assertEquals(found, { cronJobs: ["hourly"] });
});

Deno.test("followCreatedNames() names files that are no SQL", async () => {
  const { found, unread } = await follow(
    "\\restrict x",
    "create table a (id int)",
    "",
  );
  assertEquals([unread, found], [["1.sql"], { relations: ["public.a"] }]);
});
