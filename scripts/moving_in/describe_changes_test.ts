import { assertEquals } from "@std/assert";
import { describeChanges, diffChanges } from "./describe_changes.ts";

Deno.test("describeChanges() has a line for each file, and where an edited one is kept", () => {
  assertEquals(
    describeChanges([
      { path: "a.sql", after: "select 1;\n" },
      { path: "b.ts", before: "1", after: "2", keptAs: "b.ts.edited" },
      { path: "c.ts", before: "1" },
    ]),
    [
      "  new     supabase/a.sql, 10 B",
      "  change  supabase/b.ts, 1 B (it was edited, or yours: kept as supabase/b.ts.edited)",
      "  remove  supabase/c.ts",
    ],
  );
});

Deno.test("diffChanges() shows what changes, and of a bundle its size", () => {
  assertEquals(
    diffChanges([
      { path: "a.toml", before: "a = 1\nb = 1\n", after: "a = 1\nb = 2\n" },
      { path: "b.js", after: "x".repeat(6_000) },
    ]),
    [
      "--- supabase/a.toml\n+++ supabase/a.toml\n@@ -1,2 +1,2 @@\n a = 1\n-b = 1\n+b = 2\n",
      "--- supabase/b.js\n+++ supabase/b.js\n(a bundle: 0 B before, 6 kB now)\n",
    ],
  );
});
