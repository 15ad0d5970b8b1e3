import { assertEquals, assertRejects } from "@std/assert";
import { WrongUsage } from "./command.ts";
import { readSource, toSetName } from "./read_source.ts";

Deno.test("readSource() tells the kinds of sources apart", async () => {
  assertEquals(await readSource("run:7", true), {
    type: "run",
    runId: "7",
    onlyUnanswered: true,
  });
  assertEquals(await readSource("sweep:7"), { type: "sweep", sweepId: "7" });
  assertEquals(await readSource("set:hard ones@2"), {
    type: "set",
    name: "hard ones",
    version: 2,
  });
  assertEquals(await readSource("chats/2026/"), {
    type: "supabase",
    bucket: "chats",
    prefix: "2026/",
  });
});

Deno.test("readSource() takes --only-unanswered for runs alone", async () => {
  await assertRejects(() => readSource("set:a", true), WrongUsage, "run:ID");
});

Deno.test("toSetName() reads a version behind the last @", () => {
  assertEquals(toSetName("a"), { name: "a" });
  assertEquals(toSetName("a@12"), { name: "a", version: 12 });
  assertEquals(toSetName("a@b"), { name: "a@b" });
});
