import { assertEquals } from "@std/assert";
import type { LabelItem } from "./label_queues.ts";
import { createLabelling, type LabelCalls } from "./labelling.ts";

/** A queue of items 1 to 3 that keeps a record of what it was asked. */
function createQueue(): { calls: LabelCalls; asked: unknown[] } {
  const asked: unknown[] = [];
  const left = [1, 2, 3];
  const taken = (id: number) => ({ id }) as LabelItem;
  return {
    asked,
    calls: {
      claim(item) {
        asked.push(["claim", item]);
        return Promise.resolve(
          item ? taken(item) : left.length > 0 ? taken(left[0]) : null,
        );
      },
      submit(item, said) {
        asked.push(["submit", item, said.passed]);
        left.splice(left.indexOf(item), 1);
        return Promise.resolve();
      },
      skip(item) {
        asked.push(["skip", item]);
        left.push(left.splice(left.indexOf(item), 1)[0]);
        return Promise.resolve();
      },
    },
  };
}
const pass = { passed: true, remark: null, corrected: null };

Deno.test("createLabelling() goes from item to item until none is left, and back to the last ones", async () => {
  const { calls, asked } = createQueue();
  const { turn, begin, label, skip, undo } = createLabelling(calls);
  await begin();
  await label(pass, "Pass");
  await skip();
  assertEquals([turn.value.item?.id, turn.value.done], [3, [1, 2]]);
  await undo();
  await undo();
  assertEquals([turn.value.item?.id, turn.value.done], [1, []]);
  await undo();
  assertEquals(turn.value.item?.id, 1);
  assertEquals(asked.at(-1), ["claim", 1]);
});

Deno.test("createLabelling() takes what is pressed twice once", async () => {
  const { calls, asked } = createQueue();
  const { turn, begin, label } = createLabelling(calls);
  await begin();
  await Promise.all([label(pass, "Pass"), label(pass, "Pass")]);
  assertEquals(turn.value.item?.id, 2);
  assertEquals(asked.filter((call) => (call as string[])[0] === "submit"), [
    ["submit", 1, true],
  ]);
});

Deno.test("createLabelling() stays at an item that cannot be stored, and tells why", async () => {
  const { calls } = createQueue();
  const { turn, begin, label } = createLabelling({
    ...calls,
    submit: () => Promise.reject(new Error("The queue is closed")),
  });
  await begin();
  await label(pass, "Pass");
  const { item, problem, isBusy, done } = turn.value;
  assertEquals([item?.id, problem, isBusy, done], [
    1,
    "The queue is closed",
    false,
    [],
  ]);
});
