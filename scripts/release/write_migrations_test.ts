import { assertEquals, assertRejects } from "@std/assert";
import { basename, join } from "node:path";
import { readMigrations } from "../local/migrations.ts";
import { supabaseFolder } from "../local/checkout.ts";
import { checksumOf } from "./releases.ts";
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
