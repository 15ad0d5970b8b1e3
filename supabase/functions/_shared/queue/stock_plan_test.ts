import { assertEquals } from "@std/assert";
import { StockPlan } from "./stock_plan.ts";

function createPlan() {
  let time = 0;
  const plan = new StockPlan({ now: () => time });
  function complete(count: number, afterMs: number) {
    time += afterMs;
    for (let task = 0; task < count; task++) plan.countOne();
  }
  return { plan, complete };
}

Deno.test("StockPlan holds a task for every slot until the pace is known", () => {
  const { plan, complete } = createPlan();
  plan.plan(4);
  assertEquals(plan.ahead, 4);
  plan.plan(40);
  assertEquals(plan.ahead, 40);
  complete(10, 5_000);
  plan.plan(100);
  assertEquals(plan.ahead, 100);
  plan.plan(10_000);
  assertEquals(plan.ahead, 500);
});

Deno.test("StockPlan holds what 300 ms need, whatever came before the first task was over", () => {
  const { plan, complete } = createPlan();
  complete(1, 60_000);
  complete(50, 500);
  plan.plan(100);
  assertEquals(plan.ahead, 30);
  complete(1, 100);
  plan.plan(100);
  assertEquals(plan.ahead, 30);
  complete(99, 300);
  plan.plan(100);
  assertEquals(plan.ahead, 75);
});

Deno.test("StockPlan holds none where tasks take seconds, so that a slot can be given back at once", () => {
  const { plan, complete } = createPlan();
  plan.plan(1);
  complete(1, 2_000);
  complete(1, 2_000);
  plan.plan(1);
  assertEquals(plan.ahead, 0);
});
