import { assertEquals } from "@std/assert";
import { announceStack, readRunningStack } from "./running_stack.ts";
import type { Stack } from "./stack.ts";

const stack = {
  url: "http://127.0.0.1:54321",
  secretKey: "sb_secret_a",
  publishableKey: "sb_publishable_a",
  databaseUrl: "postgresql://postgres:postgres@127.0.0.1:54322/postgres",
} as Stack;

Deno.test("a running stack is found until it is retracted", async () => {
  const file = `${await Deno.makeTempDir()}/stack.env`;
  assertEquals(readRunningStack(file), undefined);
  const announced = await announceStack(stack, file);
  assertEquals(readRunningStack(file)?.SUPABASE_SECRET_KEY, "sb_secret_a");
  assertEquals((await Deno.stat(file)).mode! & 0o777, 0o600);
  await announced.retract();
  assertEquals(readRunningStack(file), undefined);
});

Deno.test("a stack whose process has died is not found", async () => {
  const file = `${await Deno.makeTempDir()}/stack.env`;
  const { pid, status } = new Deno.Command("true").spawn();
  await status;
  await Deno.writeTextFile(
    file,
    `SUPABASE_URL=a\nPROMPT_PIPELINE_PID=${pid}\n`,
  );
  assertEquals(readRunningStack(file), undefined);
});
