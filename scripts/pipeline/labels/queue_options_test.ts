import { assertEquals, assertRejects } from "@std/assert";
import { WrongUsage } from "../command.ts";
import { toQueue } from "./queue_options.ts";

Deno.test("toQueue() takes what only one kind has as that kind", async () => {
  const kindOf = async (values: Parameters<typeof toQueue>[0]) =>
    (await toQueue(values) as { kind: string }).kind;
  assertEquals(await kindOf({}), "pass");
  assertEquals(await kindOf({ to: "10" }), "score");
  assertEquals(await kindOf({ categories: "a, b" }), "category");
  assertEquals(await kindOf({ against: "old" }), "pair");
});

Deno.test("toQueue() reads numbers, lists and a file of instructions", async () => {
  const queue = await toQueue({
    items: "20",
    categories: "right, wrong",
    passing: "right",
    instructions: `@${new URL(import.meta.url).pathname}`,
  }) as Record<string, unknown>;
  assertEquals(queue.items, 20);
  assertEquals(queue.categories, ["right", "wrong"]);
  assertEquals(queue.passing, ["right"]);
  assertEquals(`${queue.instructions}`.startsWith("import"), true);
  await assertRejects(() => toQueue({ items: "many" }), WrongUsage, "--items");
  await assertRejects(
    () => toQueue({ instructions: "@/none" }),
    WrongUsage,
    "Cannot read /none",
  );
});
