import { assertEquals } from "@std/assert";
import { isAlive } from "./is_alive.ts";

Deno.test("isAlive() knows this process from one that ended", async () => {
  assertEquals(isAlive(Deno.pid), true);
  const child = new Deno.Command(Deno.execPath(), {
    args: ["--version"],
    stdout: "null",
  }).spawn();
  await child.status;
  assertEquals(isAlive(child.pid), false);
});
