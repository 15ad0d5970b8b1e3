import { assertEquals } from "@std/assert";
import { Holding } from "./holding.ts";
import { createTasks } from "./testing/fake_queue.ts";

const outcome = { outcome: "succeeded" as const };

Deno.test("Holding keeps a task until its result is stored", () => {
  const [task] = createTasks(1);
  const holding = new Holding();
  holding.take([task]);
  const call = holding.begin(holding.stock.shift()!);
  assertEquals(holding.open, [0]);
  holding.end(call, { task, outcome });
  assertEquals([holding.open, holding.size], [[], 1]);
  holding.dropStored(new Set(holding.done));
  assertEquals(holding.size, 0);
});

Deno.test("Holding drops tasks that were lost and aborts their calls", () => {
  const [waiting, called, kept] = createTasks(3);
  const holding = new Holding();
  holding.take([waiting, kept]);
  const call = holding.begin(called);
  holding.dropLost(new Set([waiting.id, called.id]));
  assertEquals(call.signal.aborted, true);
  holding.end(call, { task: called, outcome });
  assertEquals([holding.open, holding.done], [[kept.id], []]);
});

Deno.test("Holding drops earlier tries of what it takes, and keeps the new one", () => {
  const tasks = createTasks(3);
  const [waiting, called, ended] = tasks;
  const holding = new Holding();
  holding.take([waiting]);
  const first = holding.begin(called);
  holding.end(holding.begin(ended), { task: ended, outcome });
  const again = tasks.map((task) => ({ ...task, leaseToken: "new" }));
  holding.take(again);
  assertEquals([holding.stock, holding.size], [again, 3]);
  holding.stock.shift();
  const second = holding.begin(again[1]);
  holding.end(first, { task: called, outcome });
  assertEquals(holding.done, []);
  holding.end(second, { task: again[1], outcome });
  assertEquals(holding.done, [{ task: again[1], outcome }]);
});
