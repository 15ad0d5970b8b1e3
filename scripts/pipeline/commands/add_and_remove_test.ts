import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { createParts } from "../../moving_in/testing/create_parts.ts";
import { well } from "../../moving_in/testing/facts.ts";
import { withProjectFolder } from "../../moving_in/testing/project_folder.ts";
import { withNpx } from "../../moving_in/testing/stand_in_npx.ts";
import { pipeline } from "../../moving_in/testing/walk.ts";
import { useReadyMade } from "../../ready_made.ts";

const REF = "abcdefghijklmnopqrst";
const POOLER = `postgres://postgres.${REF}:geheim@pooler.example:5432/postgres`;

Deno.test.beforeAll(async () => {
  const folder = await Deno.makeTempDir();
  await Deno.writeTextFile(
    join(folder, "moving-in.json"),
    JSON.stringify(createParts()),
  );
  useReadyMade(pathToFileURL(`${folder}/`));
});

Deno.test("add and remove print commands that work, without a password", () =>
  withNpx(
    `echo '${JSON.stringify([{ facts: well }])}'`,
    () =>
      withProjectFolder({}, async (directory) => {
        const commands = ({ text }: { text: string }) =>
          text.split("\n").filter((line) => line.startsWith("  npx"))
            .map((line) => line.replace(/.*supabase@\S+ /, ""));
        const shown = POOLER.replace("geheim", "PASSWORD");
        const added = await pipeline("add", directory, `--remote=${POOLER}`);
        assertEquals(commands(added), [
          `db push --remote=${shown}`,
          `functions deploy pipeline-worker pipeline-evaluator prompt-pipeline --use-api --remote=${REF}`,
        ]);
        assert(!added.text.includes("geheim"), added.text);
        assert(!added.text.includes("deno task dev"), added.text);

        const local = "--remote=postgres://postgres:geheim@127.0.0.1/postgres";
        const removed = await pipeline("remove", directory, local);
        assertEquals(commands(removed), [
          "db push --remote=postgres://postgres:PASSWORD@127.0.0.1/postgres",
          "functions delete pipeline-worker --remote=PROJECT_REF",
          "functions delete pipeline-evaluator --remote=PROJECT_REF",
          "functions delete prompt-pipeline --remote=PROJECT_REF",
        ]);
        assert(!removed.text.includes("geheim"), removed.text);
      }),
  ));

for (const command of ["add", "remove"]) {
  Deno.test(`${command} --sql writes no file in a trial, over another, or when the plan fails`, () =>
    withProjectFolder({}, async (directory) => {
      const file = join(directory, "script.sql");
      const isThere = () => Deno.stat(file).then(() => true, () => false);
      for (const trial of ["--dry-run", "--diff"]) {
        const { code, text } = await pipeline(command, "--sql", file, trial);
        assertEquals([code, await isThere()], [0, false], trial);
        assert(text.includes("Nothing was written"), text);
      }
      const nowhere = await pipeline(command, "/nowhere", "--sql", file);
      assertEquals([nowhere.code, await isThere()], [1, false]);
      const config = join(directory, "supabase/config.toml");
      const before = await Deno.readTextFile(config);
      const inline = "functions = { pipeline-worker = {} }\n";
      if (command === "remove") {
        await Deno.writeTextFile(config, inline);
        const failed = await pipeline(command, directory, "--sql", file);
        assertEquals([failed.code, await isThere()], [1, false], failed.text);
        await Deno.writeTextFile(config, before);
      }

      await Deno.writeTextFile(file, "select 'mine';\n");
      const refused = await pipeline(command, directory, "--sql", file);
      assertEquals(refused.code, 1, refused.text);
      assertEquals(await Deno.readTextFile(file), "select 'mine';\n");
      assertEquals(await Deno.readTextFile(config), before);

      await Deno.remove(file);
      for (const _ of ["once", "twice"]) {
        const { code, text } = await pipeline(command, "--sql", file);
        assertEquals([code, await isThere()], [0, true], text);
      }
    }));
}
