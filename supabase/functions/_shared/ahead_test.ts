import { assertEquals, assertRejects } from "@std/assert";
import { ahead } from "./ahead.ts";

Deno.test("ahead() makes the next item while one is worked on", async () => {
  const made: number[] = [];
  const seen: number[][] = [];
  async function* make() {
    for (const item of [1, 2, 3]) {
      await Promise.resolve();
      made.push(item);
      yield item;
    }
  }
  for await (const item of ahead(make())) {
    // Whatever is worked on takes longer than a turn of the event loop.
    await new Promise((resolve) => setTimeout(resolve));
    seen.push([item, made.length]);
  }
  assertEquals(seen, [[1, 2], [2, 3], [3, 3]]);
});

Deno.test("ahead() throws what making an item threw, after the items before it", async () => {
  async function* make() {
    yield await Promise.resolve(1);
    throw new Error("gone");
  }
  const items = ahead(make());
  assertEquals(await items.next(), { value: 1, done: false });
  await assertRejects(() => items.next(), Error, "gone");
});

Deno.test("ahead() does not wait for an item when nobody wants more", async () => {
  async function* make() {
    yield await Promise.resolve(1);
    await new Promise(() => {});
  }
  for await (const item of ahead(make())) {
    assertEquals(item, 1);
    break;
  }
});
