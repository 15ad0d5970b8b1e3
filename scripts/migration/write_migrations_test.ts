import { assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { readMigrations } from "../local/migrations.ts";
import { supabaseFolder } from "../local/checkout.ts";
import { composeMigrations, writeMigrations } from "./write_migrations.ts";

Deno.test("supabase/migrations is what deno task migration writes", async () => {
  const committed = await readMigrations(join(supabaseFolder, "migrations"));
  assertEquals(
    committed.map(({ path, sql }) => ({ path, text: sql })),
    await composeMigrations(supabaseFolder),
  );
});

async function withProject(
  run: (folder: string) => Promise<void>,
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
    await run(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("writeMigrations() writes one file a subject, in the order of config.toml, and removes others", () =>
  withProject(async (folder) => {
    await Deno.writeTextFile(join(folder, "migrations/1_old.sql"), "");
    await writeMigrations(folder);
    const [migration, ...others] = await readMigrations(
      join(folder, "migrations"),
    );
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
  withProject(async (folder) => {
    await Deno.writeTextFile(join(folder, "schemas/core/c.sql"), "");
    await assertRejects(
      () => composeMigrations(folder),
      Error,
      "schemas/core/c.sql is not in db.migrations.schema_paths",
    );
  }));
