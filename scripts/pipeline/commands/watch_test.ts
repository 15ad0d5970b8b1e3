import { assertRejects } from "@std/assert";
import { type Terminal, WrongUsage } from "../command.ts";
import { watch } from "./watch.ts";

Deno.test("watch without a table refuses what only a new one has", async () => {
  await assertRejects(
    async () =>
      await watch.run(
        ["--name", "live", "--evaluators", "refusal"],
        { environment: {} } as Terminal,
      ),
    WrongUsage,
    "Give TABLE with --name",
  );
});
