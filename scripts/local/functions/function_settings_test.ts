import { assertEquals } from "@std/assert";
import { join } from "node:path";
import { readFunctionSettings } from "./function_settings.ts";

Deno.test("readFunctionSettings() lists what can be served", async () => {
  const folder = await Deno.makeTempDir();
  await Deno.writeTextFile(
    join(folder, "config.toml"),
    "[functions.hook]\nverify_jwt = false\n[functions.off]\nenabled = false\n",
  );
  for (const name of ["api", "hook", "off", "_shared"]) {
    await Deno.mkdir(join(folder, "functions", name), { recursive: true });
  }
  for (const name of ["api", "hook", "off"]) {
    await Deno.writeTextFile(join(folder, "functions", name, "index.ts"), "");
  }
  assertEquals(
    (await readFunctionSettings(folder)).map(({ name, verifyJwt }) => ({
      name,
      verifyJwt,
    })),
    [{ name: "api", verifyJwt: true }, { name: "hook", verifyJwt: false }],
  );
  await Deno.remove(folder, { recursive: true });
});
