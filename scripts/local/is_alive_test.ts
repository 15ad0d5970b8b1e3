import { equal } from "node:assert/strict";
import { isAlive } from "./is_alive.ts";

Deno.test("isAlive() knows this process from one that ended", async () => {
  equal(isAlive(Deno.pid), true);
  const child = new Deno.Command(Deno.execPath(), {
    args: ["--version"],
    stdout: "null",
  }).spawn();
  await child.status;
  equal(isAlive(child.pid), false);
});
