import { join } from "node:path";
import { supabaseFolder } from "../../local/checkout.ts";
import { releasedAs } from "../compare_versions.ts";
import { makeManifest, readManifest, toManifestText } from "../manifest.ts";
import { writeRelease } from "../releases.ts";
import type { Source } from "../source.ts";
import { readVersion } from "../version.ts";
import type { ProjectDatabase } from "../databases.ts";

/** Two versions of which the second upgrades the first; gone when disposed of. */
export interface SyntheticReleases extends AsyncDisposable {
  first: Source;
  second: Source;
}

/** What only the first version has: one thing of each kind. */
const onlyFirst = `
create function pipeline.synthetic_old(run public.pipeline_runs) returns text
language sql set search_path = '' as $$ select (run).status; $$;
comment on function pipeline.synthetic_old(public.pipeline_runs) is 'Goes.';
create function pipeline.synthetic_trigger() returns trigger
language plpgsql set search_path = '' as $$ begin return new; end; $$;
comment on function pipeline.synthetic_trigger() is 'Goes.';
create trigger synthetic_old before insert on public.model_endpoints
for each row execute function pipeline.synthetic_trigger();
create policy "synthetic readers" on public.model_endpoints for select to anon using (true);
create view public.synthetic_old with (security_invoker = true) as
select run.id, pipeline.synthetic_old(run) as status from public.pipeline_runs as run;
comment on view public.synthetic_old is 'Goes.';
grant select on public.synthetic_old to authenticated;
grant select (name) on public.model_endpoints to anon;
comment on column public.pipeline_runs.finished_at is 'Goes.';
do $$ begin perform cron.schedule('prompt-pipeline synthetic', '0 0 1 1 *', 'select 1'); end; $$;
`;

const changing = {
  first: `
create view public.synthetic_shape with (security_invoker = true) as select 1 as a, 2 as b;
comment on view public.synthetic_shape is 'Changes its columns.';
create function public.synthetic_shapes() returns setof public.synthetic_shape
language sql stable set search_path = '' as $$ select * from public.synthetic_shape; $$;
comment on function public.synthetic_shapes() is 'Follows the view.';
create function pipeline.synthetic_names(one text) returns text
language sql immutable set search_path = '' as $$ select one; $$;
comment on function pipeline.synthetic_names(text) is 'Changes the name of its argument.';
grant execute on function pipeline.synthetic_names(text) to authenticated;
`,
  second: `
create view public.synthetic_shape with (security_invoker = true) as select 1 as a, 'x'::text as c, 2 as b;
comment on view public.synthetic_shape is 'Changes its columns.';
create function public.synthetic_shapes() returns setof public.synthetic_shape
language sql stable set search_path = '' as $$ select * from public.synthetic_shape; $$;
comment on function public.synthetic_shapes() is 'Follows the view.';
create function pipeline.synthetic_names(other text) returns text
language sql immutable set search_path = '' as $$ select other || '!'; $$;
comment on function pipeline.synthetic_names(text) is 'Changed the name of its argument.';
`,
};

/** Tables of the second version, as its release has them written by hand. */
const byHand = `
alter table pipeline.evaluations add column synthetic_note text;
alter table public.pipeline_runs add column synthetic_turn integer not null default 0
  constraint pipeline_runs_turns_are_positive check (synthetic_turn >= 0);
create table pipeline.synthetic_new (id bigint primary key);
alter table pipeline.synthetic_new enable row level security;
do $$
declare
  results regclass;
begin
  for results in select inhrelid from pg_inherits where inhparent = 'pipeline.evaluations'::regclass loop
    execute format('create index %I on %s (model)', (select relname from pg_class where oid = results) || '_model_idx', results);
  end loop;
end;
$$;
`;

/** What the schemas of the second version say where the first says something else. */
const edits: [file: string, from: string, to: string][] = [
  [
    "core/evaluations.sql",
    "  owner uuid default pipeline.current_user_id(),\n",
    "  owner uuid default pipeline.current_user_id(),\n  synthetic_note text,\n",
  ],
  [
    "core/evaluations.sql",
    "     alter table public.%1$I enable row level security",
    "     create index %11$I on public.%1$I (model);\n     alter table public.%1$I enable row level security",
  ],
  [
    "core/evaluations.sql",
    "pipeline.key_is_no_hash()\n  );",
    "pipeline.key_is_no_hash(), name || '_model_idx'\n  );",
  ],
  [
    "core/evaluations.sql",
    "     grant select on public.%1$I to authenticated;\n     drop policy",
    "     grant select on public.%1$I to authenticated, anon;\n     drop policy",
  ],
  [
    "core/runs.sql",
    "  owner uuid default pipeline.current_user_id(),\n",
    `  synthetic_turn integer not null default 0
    constraint pipeline_runs_turns_are_positive check (synthetic_turn >= 0),
  owner uuid default pipeline.current_user_id(),\n`,
  ],
];

/**
 * Makes them from the schemas of this clone, in folders of their own.
 *
 * @param createDatabase of a new project, to find out the names of one
 */
export async function makeSyntheticReleases(
  createDatabase: () => Promise<ProjectDatabase>,
): Promise<SyntheticReleases> {
  await using cleanup = new AsyncDisposableStack();
  const make = async (version: string, added: string) => {
    const folder = await Deno.makeTempDir({ prefix: "synthetic_" });
    cleanup.defer(() => Deno.remove(folder, { recursive: true }));
    await copySchemas(folder);
    await addSchema(folder, "synthetic", added);
    return { supabaseFolder: folder, version };
  };
  // That of this clone's functions, which serve no older database, and one that follows it.
  const version = releasedAs(await readVersion());
  const [major, minor] = version.split(".").map(Number);
  const first = await make(version, onlyFirst + changing.first);
  const second = await make(`${major}.${minor + 1}.0`, changing.second);
  for (const [file, from, to] of edits) {
    const path = join(second.supabaseFolder, "schemas", file);
    const text = await Deno.readTextFile(path);
    if (!text.includes(from)) throw new Error(`${file} has no "${from}"`);
    await Deno.writeTextFile(path, text.replace(from, () => to));
  }
  await addSchema(
    second.supabaseFolder,
    "synthetic_table",
    "create table pipeline.synthetic_new (id bigint primary key);\nalter table pipeline.synthetic_new enable row level security;\ncomment on table pipeline.synthetic_new is 'New.';\ngrant select on pipeline.synthetic_new to service_role;\n",
  );

  await writeManifest(first, await createDatabase());
  await writeManifest(second, await createDatabase());
  await writeRelease(second.supabaseFolder, {
    version: first.version,
    migrations: {},
    schemas: "",
    manifest: await readManifest(first.supabaseFolder),
  });
  await Deno.writeTextFile(
    join(second.supabaseFolder, "releases", `${second.version}.sql`),
    byHand,
  );
  const running = cleanup.move();
  return {
    first,
    second,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

async function writeManifest(source: Source, { sql }: ProjectDatabase) {
  await Deno.writeTextFile(
    join(source.supabaseFolder, "manifest.json"),
    toManifestText(await makeManifest(sql, source)),
  );
}

async function copySchemas(folder: string): Promise<void> {
  const config = await Deno.readTextFile(join(supabaseFolder, "config.toml"));
  await Deno.writeTextFile(join(folder, "config.toml"), config);
  for await (const subject of Deno.readDir(join(supabaseFolder, "schemas"))) {
    const from = join(supabaseFolder, "schemas", subject.name);
    const to = join(folder, "schemas", subject.name);
    await Deno.mkdir(to, { recursive: true });
    for await (const { name } of Deno.readDir(from)) {
      await Deno.copyFile(join(from, name), join(to, name));
    }
  }
}

/** After everything but access, as a new subject of a version would stand. */
async function addSchema(
  folder: string,
  name: string,
  text: string,
): Promise<void> {
  const path = `./schemas/people/${name}.sql`;
  await Deno.writeTextFile(join(folder, path), text);
  const config = join(folder, "config.toml");
  const before = '  "./schemas/access/tables.sql",\n';
  const lines = await Deno.readTextFile(config);
  await Deno.writeTextFile(
    config,
    lines.replace(before, `  "${path}",\n${before}`),
  );
}
