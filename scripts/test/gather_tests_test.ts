import { assertEquals } from "@std/assert";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { gatherTests } from "./gather_tests.ts";

Deno.test("gatherTests() imports each test file in one of the modules", async () => {
  const root = await Deno.makeTempDir();
  const files = [
    "a/1_test.ts",
    "a/b/2_test.ts",
    "a/c/3_test.ts",
    "d/4_test.ts",
  ];
  for (const file of [...files, "a/e2e/5_test.ts", "a/other.ts", "6_test.ts"]) {
    await Deno.mkdir(join(root, file, ".."), { recursive: true });
    await Deno.writeTextFile(join(root, file), "");
  }
  {
    await using gathered = await gatherTests(root, ["a", "d"], ["a/e2e"], 2);
    const texts = await Promise.all(
      gathered.modules.map((module) => Deno.readTextFile(module)),
    );
    const importOf = (file: string) =>
      `import "${pathToFileURL(join(root, file)).href}";\n`;
    assertEquals(texts, [
      importOf(files[0]) + importOf(files[2]),
      importOf(files[1]) + importOf(files[3]),
    ]);
  }
  await Deno.remove(root, { recursive: true });
});
