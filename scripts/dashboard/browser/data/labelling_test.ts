import { assertEquals } from "@std/assert";
import type { LabelItem, LabelProgress } from "./label_queue_answer.ts";
import type { labelCallsOf } from "./label_queues.ts";
import { createLabelling } from "./labelling.ts";

/** A queue of items 1 to 3, with a record of what it was asked. */
function createQueue() {
  const asked: string[] = [];
  const left = [1, 2, 3];
  const done: { id: number; skipped: boolean }[] = [];
  const leave = (id: number, skipped: boolean) => {
    left.splice(left.indexOf(id), 1);
    done.push({ id, skipped });
  };
  const calls: ReturnType<typeof labelCallsOf> = {
    claim: () =>
      Promise.resolve({
        items: left.slice(0, 1).map((id) => ({ id }) as LabelItem),
        progress: {
          mine: done.filter(({ skipped }) => !skipped).length,
          skipped: done.filter(({ skipped }) => skipped).length,
          open: left.length,
        } as LabelProgress,
      }),
    submit(id) {
      asked.push(`submit ${id}`);
      leave(id, false);
      return Promise.resolve();
    },
    skip(id) {
      asked.push(`skip ${id}`);
      leave(id, true);
      return Promise.resolve(true);
    },
    undo() {
      const last = done.pop();
      if (!last) return Promise.resolve(null);
      left.unshift(last.id);
      const label = last.skipped ? null : { passed: true };
      return Promise.resolve({ id: last.id, label } as LabelItem);
    },
  };
  return { calls, asked };
}

const said = { passed: true, remark: null, corrected_response: null };

Deno.test("createLabelling() goes from item to item until none is left, and back as far as one went", async () => {
  const { calls } = createQueue();
  const { turn, take, label, skip, undo } = createLabelling(calls);
  const told = () => {
    const { item, progress } = turn.value;
    return [item?.id, progress?.mine, progress?.skipped, progress?.open];
  };
  await take();
  assertEquals(told(), [1, 0, 0, 3]);
  await label(said, "Pass");
  await skip();
  assertEquals(told(), [3, 1, 1, 1]);
  await label(said, "Pass");
  assertEquals([turn.value.item, turn.value.news], [null, "Pass: stored."]);
  await undo();
  assertEquals(told(), [3, 1, 1, 1]);
  await undo();
  assertEquals(told(), [2, 1, 0, 2]);
  await undo();
  assertEquals(told(), [1, 0, 0, 3]);
  await undo();
  assertEquals(turn.value.news, "There is nothing to undo.");
  assertEquals(told(), [1, 0, 0, 3]);
});

Deno.test("createLabelling() takes what is pressed twice once", async () => {
  const { calls, asked } = createQueue();
  const { turn, take, label, skip } = createLabelling(calls);
  await take();
  await Promise.all([label(said, "Pass"), label(said, "Pass"), skip()]);
  assertEquals([asked, turn.value.item?.id], [["submit 1"], 2]);
});

Deno.test("createLabelling() stays at an item that cannot be stored, and tells why", async () => {
  const { calls } = createQueue();
  const { turn, take, label } = createLabelling({
    ...calls,
    submit: () => Promise.reject(new Error("The queue is closed")),
  });
  await take();
  await label(said, "Pass");
  const { item, problem, isBusy } = turn.value;
  assertEquals([item?.id, problem, isBusy], [1, "The queue is closed", false]);
});
