import { assertEquals, assertRejects } from "@std/assert";
import { atMost } from "./at_most.ts";

Deno.test("atMost() begins no more than the limit, and the others in order", async () => {
  const work = atMost(2);
  const begun: number[] = [];
  const ends: (() => void)[] = [];
  const all = [1, 2, 3, 4].map((number) =>
    work(() => {
      begun.push(number);
      return new Promise<void>((resolve) => ends.push(resolve));
    })
  );
  assertEquals(begun, [1, 2]);
  for (let ended = 0; ended < 4; ended++) {
    ends[ended]();
    await all[ended];
    await Promise.resolve();
  }
  assertEquals(begun, [1, 2, 3, 4]);
});

Deno.test("atMost() gives the place of what failed to the next", async () => {
  const work = atMost(1);
  const failing = work(() => Promise.reject(new Error("no")));
  const next = work(() => Promise.resolve("yes"));
  await assertRejects(() => failing, Error, "no");
  assertEquals(await next, "yes");
});
