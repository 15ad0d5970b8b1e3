import { assertEquals } from "@std/assert";
import { compareVersions, releasedAs } from "./compare_versions.ts";
import {
  functionVersionPath,
  readVersion,
  toFunctionVersion,
} from "./version.ts";

Deno.test("functions have the version of deno.json", async () => {
  assertEquals(
    await Deno.readTextFile(functionVersionPath),
    toFunctionVersion(await readVersion()),
    "run: deno task migration",
  );
});

Deno.test("compareVersions() compares numbers, and leaves out what stands behind a dash", () => {
  assertEquals(compareVersions("1.10.0", "1.9.9") > 0, true);
  assertEquals(compareVersions("1.0.0", "1.0.1") < 0, true);
  assertEquals(compareVersions("1.1.0-dev", "1.1.0"), 0);
  assertEquals(releasedAs("1.1.0-dev"), "1.1.0");
});
