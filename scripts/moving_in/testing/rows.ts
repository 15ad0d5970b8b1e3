import { assertEquals } from "@std/assert";
import type { Row } from "./walk.ts";

const shop = `
  create table public.orders (id bigint generated always as identity primary key, total numeric not null);
  alter table public.orders enable row level security;
  insert into public.orders (total) values (1), (2);
  create function public.cancel_run(id bigint) returns bigint language sql as 'select id';
`;

/** With files of the same names as ours, an older zod, and a function of the older kind. */
const functions = {
  "functions/_shared/errors.ts": 'export const word = "theirs";\n',
  "functions/_shared/config.ts": "export const config = 1;\n",
  "functions/deno.json": '{ "imports": { "words": "./_shared/errors.ts" } }\n',
  "functions/hello/index.ts":
    'import { word } from "words";\nDeno.serve(() => Response.json({ word }));\n',
};

const check: Row["check"] = async ({ sql, url }) => {
  const [{ total }] =
    await sql`select sum(total)::integer as total from orders`;
  assertEquals(total, 3);
  const answer = await fetch(`${url}/functions/v1/hello`);
  assertEquals(await answer.json(), { word: "theirs" });
};

/** Projects of every kind that the pipeline moves into. */
export const ROWS: Record<string, Row> = {
  "a shop of the year 2030, with functions, _shared, deno.json and comments of its own":
    {
      files: {
        ...functions,
        "migrations/20240101000000_shop.sql": shop,
        "migrations/20300101000000_more.sql":
          "create view public.totals with (security_invoker = true) as select sum(total) as total from public.orders;",
      },
      check,
    },
  "an empty project": { files: { "functions/.gitkeep": "" } },
  "a project with older migrations, that wants all functions": {
    files: { ...functions, "migrations/20240101000000_shop.sql": shop },
    options: ["--all-functions"],
    check,
  },
  "a project whose own jobs, publication and Vault are in use": {
    files: {
      ...functions,
      "migrations/20240101000000_shop.sql": `${shop}
        create extension if not exists pg_cron;
        create extension if not exists supabase_vault;
        select cron.schedule('nightly', '0 3 * * *', 'select 1');
        select vault.create_secret('theirs', 'bank_key');
      `,
    },
    check: async (stack) => {
      await check(stack);
      const [job] = await stack
        .sql`select jobname from cron.job where jobname = 'nightly'`;
      const [secret] = await stack
        .sql`select name from vault.secrets where name = 'bank_key'`;
      assertEquals([job?.jobname, secret?.name], ["nightly", "bank_key"]);
    },
  },
};
