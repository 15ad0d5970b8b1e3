import { deepEqual, equal, rejects } from "node:assert/strict";
import { startTogether } from "./start_together.ts";

function part(name: string, stopped: string[] = []) {
  return { name, stop: () => Promise.resolve(void stopped.push(name)) };
}

Deno.test("startTogether() gives every part", async () => {
  const [first, others] = await startTogether(Promise.resolve(part("a")), [
    Promise.resolve(part("b")),
  ]);
  equal(first.name, "a");
  deepEqual(others.map(({ name }) => name), ["b"]);
});

Deno.test("startTogether() stops the others when one cannot start", async () => {
  const stopped: string[] = [];
  await rejects(
    startTogether(Promise.resolve(part("a", stopped)), [
      Promise.reject(new Error("syntax error")),
      Promise.resolve(part("c", stopped)),
    ]),
    /syntax error/,
  );
  deepEqual(stopped, ["a", "c"]);
});
