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

Deno.test("readFunctionSettings() serves what config.toml names, and finds import maps as the CLI does", async () => {
  const folder = await Deno.makeTempDir();
  const write = async (path: string, text = "") => {
    await Deno.mkdir(join(folder, path, ".."), { recursive: true });
    await Deno.writeTextFile(join(folder, path), text);
  };
  await write(
    "config.toml",
    `[functions.evaluator]
entrypoint = "./functions/worker/main.js"
import_map = "./maps/own.json"
[functions.gone]
entrypoint = "./functions/gone.ts"
`,
  );
  await write("functions/worker/main.js");
  await write("functions/own/index.ts");
  await write("functions/own/deno.json", "{}");
  await write("functions/plain/index.ts");
  const settings = await readFunctionSettings(folder);
  assertEquals(
    settings.map(({ name, entry, importMap }) => [
      name,
      entry.slice(folder.length),
      importMap && importMap.slice(folder.length),
    ]),
    [
      ["evaluator", "/functions/worker/main.js", "/maps/own.json"],
      ["own", "/functions/own/index.ts", "/functions/own/deno.json"],
      ["plain", "/functions/plain/index.ts", false],
    ],
  );
  await write("functions/import_map.json", "{}");
  assertEquals(
    (await readFunctionSettings(folder)).at(-1)!.importMap,
    join(folder, "functions", "import_map.json"),
  );
  await Deno.remove(folder, { recursive: true });
});

Deno.test("readFunctionSettings() finds nothing in a project without functions", async () => {
  const folder = await Deno.makeTempDir();
  await Deno.writeTextFile(join(folder, "config.toml"), "");
  assertEquals(await readFunctionSettings(folder), []);
  await Deno.remove(folder, { recursive: true });
});
