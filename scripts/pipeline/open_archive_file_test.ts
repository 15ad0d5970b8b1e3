import { assertEquals, assertStrictEquals } from "@std/assert";
import { toReadable } from "./open_archive_file.ts";

Deno.test("toReadable() reads nothing ahead and keeps the latest two chunks intact", async () => {
  let reads = 0;
  const stream = toReadable((buffer) => {
    buffer[0] = ++reads;
    return Promise.resolve(reads > 6 ? 0 : 1);
  });
  const reader = stream.getReader();
  let before: Uint8Array | undefined;
  for (let number = 1; number <= 6; number++) {
    const { value } = await reader.read();
    assertStrictEquals(reads, number);
    assertEquals([...value!], [number]);
    if (before !== undefined) assertEquals([...before], [number - 1]);
    before = value;
  }
  assertEquals((await reader.read()).done, true);
});

Deno.test("toReadable() closes the file at its end and when it is not wanted", async () => {
  let closed = 0;
  const close = () => {
    closed++;
  };
  await Array.fromAsync(toReadable(() => Promise.resolve(0), close));
  assertEquals(closed, 1);
  await toReadable(() => Promise.resolve(1), close).cancel();
  assertEquals(closed, 2);
});
