import { assertEquals, assertRejects } from "@std/assert";
import { basename, join } from "node:path";
import { readMigrations } from "../local/migration_files.ts";
import { supabaseFolder } from "../local/checkout.ts";
import { installStatements } from "./install_script.ts";
import type { Manifest } from "./names.ts";
import { checksumOf, writeRelease } from "./releases.ts";
import { type Source, thisSource } from "./source.ts";
import {
  composeMigrations,
  frozenMigrations,
  writeMigrations,
} from "./write_migrations.ts";

Deno.test("supabase/migrations is what was released and what deno task migration writes", async () => {
  const composed = await composeMigrations(await thisSource());
  const expected = {
    ...await frozenMigrations(supabaseFolder),
    ...Object.fromEntries(
      composed.map(({ path, text }) => [basename(path), checksumOf(text)]),
    ),
  };
  const committed = await readMigrations(join(supabaseFolder, "migrations"));
  assertEquals(
    Object.fromEntries(
      committed.map(({ path, sql }) => [basename(path), checksumOf(sql)]),
    ),
    expected,
    "A released file was changed, or run: deno task migration",
  );
});

async function withProject(
  run: (source: Source) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.mkdir(join(folder, "schemas/core"), { recursive: true });
    await Deno.mkdir(join(folder, "migrations"));
    await Deno.writeTextFile(
      join(folder, "config.toml"),
      '[db.migrations]\nschema_paths = ["./schemas/core/b.sql", "./schemas/core/a.sql"]\n',
    );
    await Deno.writeTextFile(join(folder, "schemas/core/a.sql"), "select 2;\n");
    await Deno.writeTextFile(join(folder, "schemas/core/b.sql"), "select 1;\n");
    await run({ supabaseFolder: folder, version: "1.0.0-dev" });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("writeMigrations() writes one file a subject, in the order of config.toml, and removes others", () =>
  withProject(async (source) => {
    const folder = join(source.supabaseFolder, "migrations");
    await Deno.writeTextFile(join(folder, "1_old.sql"), "");
    await writeMigrations(source);
    const [migration, ...others] = await readMigrations(folder);
    assertEquals(others, []);
    assertEquals(migration.name, "core");
    assertEquals(migration.sql.split("\n").slice(1), [
      "select 1;",
      "",
      "select 2;",
      "",
    ]);
  }));

Deno.test("composeMigrations() names a schema file that config.toml does not list", () =>
  withProject(async (source) => {
    await Deno.writeTextFile(
      join(source.supabaseFolder, "schemas/core/c.sql"),
      "",
    );
    await assertRejects(
      () => composeMigrations(source),
      Error,
      "schemas/core/c.sql is not in db.migrations.schema_paths",
    );
  }));

Deno.test("composeMigrations() writes the version where the schemas name it", () =>
  withProject(async (source) => {
    await Deno.writeTextFile(
      join(source.supabaseFolder, "schemas/core/a.sql"),
      "select '{{version}}';\n",
    );
    const [{ text }] = await composeMigrations(source);
    assertEquals(text.includes("select '1.0.0-dev';"), true);
  }));

/** A tiny project whose version 1.0.0 is released. */
const withReleased = (
  run: (source: Source, folder: string) => Promise<void>,
): Promise<void> =>
  withProject(async (project) => {
    const { supabaseFolder } = project;
    const folder = join(supabaseFolder, "migrations");
    const manifest = { ...emptyManifest, cronJobs: ["old job"] };
    await Deno.writeTextFile(
      join(supabaseFolder, "manifest.json"),
      JSON.stringify(emptyManifest),
    );
    await Deno.writeTextFile(join(folder, "1_released.sql"), "select 1;\n");
    await writeRelease(supabaseFolder, {
      version: "1.0.0",
      migrations: { "1_released.sql": checksumOf("select 1;\n") },
      schemas: checksumOf(await installStatements(project)),
      manifest,
    });
    await run(project, folder);
  });

const emptyManifest: Manifest = {
  schemas: [],
  extensions: [],
  roles: [],
  cronJobs: [],
  publications: [],
  tables: ["public.kept"],
  indexes: [],
  sequences: [],
  types: [],
  storedTypes: [],
  views: {},
  functions: { "public.kept()": "→ text" },
  triggers: [],
  policies: [],
  vaultPrefix: "pipeline_",
  oldestServed: "1.0.0",
};

Deno.test("writeMigrations() leaves released files alone, and writes one for what comes after them", () =>
  withReleased(async (source, folder) => {
    await Deno.writeTextFile(
      join(source.supabaseFolder, "schemas/core/a.sql"),
      "create function public.kept() returns text language sql as '';\n",
    );
    await Deno.writeTextFile(
      join(source.supabaseFolder, "releases/1.1.0.sql"),
      "alter table public.kept add column note text;\n",
    );
    const next = { ...source, version: "1.1.0-dev" };
    await writeMigrations(next, new Date("2027-01-02T03:04:05Z"));
    // Written again, it keeps its name.
    await writeMigrations(next, new Date("2027-02-02T03:04:05Z"));
    const [released, written, ...others] = await readMigrations(folder);
    assertEquals(others, []);
    assertEquals(released.sql, "select 1;\n");
    assertEquals(basename(written.path), "20270102030405_release_1_1_0.sql");
    const order = [
      "add column note text;",
      "'old job'",
      "create or replace function public.kept()",
    ].map((part) => written.sql.indexOf(part));
    assertEquals(order, order.toSorted((one, other) => one - other));
    assertEquals(order.includes(-1), false);
  }));

Deno.test("composeMigrations() wants another version when the schemas of a released one have changed", () =>
  withReleased(async (source) => {
    const released = { ...source, version: "1.0.0" };
    assertEquals(await composeMigrations(released), []);
    await Deno.writeTextFile(
      join(source.supabaseFolder, "schemas/core/a.sql"),
      "select 3;\n",
    );
    await assertRejects(
      () => composeMigrations(released),
      Error,
      "Write the next version into deno.json",
    );
  }));
