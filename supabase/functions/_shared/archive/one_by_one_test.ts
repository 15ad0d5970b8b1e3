import { assertEquals, assertRejects } from "@std/assert";
import { oneByOne } from "./one_by_one.ts";

async function* batches(closed: { value: boolean }) {
  try {
    yield [1, 2];
    yield [];
    yield [3];
    await Promise.resolve();
  } finally {
    closed.value = true;
  }
}

Deno.test("oneByOne() gives the items of all batches in order", async () => {
  const closed = { value: false };
  assertEquals(await Array.fromAsync(oneByOne(batches(closed))), [1, 2, 3]);
  assertEquals(closed.value, true);
});

Deno.test("oneByOne() closes the batches when its reader stops", async () => {
  const closed = { value: false };
  for await (const item of oneByOne(batches(closed))) {
    if (item === 1) break;
  }
  assertEquals(closed.value, true);
});

Deno.test("oneByOne() throws what the batches throw", async () => {
  // deno-lint-ignore require-yield
  async function* broken(): AsyncGenerator<number[], void> {
    await Promise.resolve();
    throw new Error("broken");
  }
  await assertRejects(
    () => Array.fromAsync(oneByOne(broken())),
    Error,
    "broken",
  );
});
