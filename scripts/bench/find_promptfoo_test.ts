import { assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { findPromptfoo } from "./find_promptfoo.ts";

const named = (executable: string) => ({ get: () => executable });

Deno.test({
  name: "findPromptfoo() takes the executable that PROMPTFOO names",
  ignore: Deno.build.os === "windows",
  async fn() {
    const folder = await Deno.makeTempDir();
    const executable = join(folder, "promptfoo");
    const script = "#!/bin/sh\necho old Node >&2\necho 1.2.3\n";
    await Deno.writeTextFile(executable, script, { mode: 0o755 });
    assertEquals(await findPromptfoo(named(executable)), {
      executable,
      version: "1.2.3",
    });
    await Deno.remove(folder, { recursive: true });
  },
});

Deno.test("findPromptfoo() rejects when PROMPTFOO names nothing", async () => {
  await assertRejects(
    () => findPromptfoo(named("/nowhere/promptfoo")),
    Error,
    "Cannot find /nowhere/promptfoo: PROMPTFOO must name",
  );
});
