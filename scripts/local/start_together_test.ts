import { assertEquals, assertRejects } from "@std/assert";
import { startTogether } from "./start_together.ts";

function part(name: string, stopped: string[] = []) {
  return { name, stop: () => Promise.resolve(void stopped.push(name)) };
}

Deno.test("startTogether() gives every part", async () => {
  const [first, others] = await startTogether(Promise.resolve(part("a")), [
    Promise.resolve(part("b")),
  ]);
  assertEquals(first.name, "a");
  assertEquals(others.map(({ name }) => name), ["b"]);
});

Deno.test("startTogether() stops the others when one cannot start", async () => {
  const stopped: string[] = [];
  await assertRejects(
    () =>
      startTogether(Promise.resolve(part("a", stopped)), [
        Promise.reject(new Error("syntax error")),
        Promise.resolve(part("c", stopped)),
      ]),
    Error,
    "syntax error",
  );
  assertEquals(stopped, ["a", "c"]);
});
