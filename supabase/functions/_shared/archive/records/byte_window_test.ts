import { assertEquals, assertStrictEquals } from "@std/assert";
import { ByteWindow } from "./byte_window.ts";

function held({ bytes, from, to }: ByteWindow): number[] {
  return [...bytes.subarray(from, to)];
}

Deno.test("ByteWindow holds what was not dropped, however its chunks lie", () => {
  const memory = Uint8Array.from({ length: 40 }, (_, index) => index);
  const apart = memory.slice(20, 30);
  const window = new ByteWindow(100);
  for (
    const chunk of [
      memory.subarray(0, 10),
      memory.subarray(10, 20),
      apart,
      memory.subarray(30, 40),
    ]
  ) window.append(chunk);
  assertEquals(held(window), [...memory]);
  window.drop(window.indexOf(135));
  assertEquals(held(window), [35, 36, 37, 38, 39]);
  assertEquals(window.start, 135);
});

Deno.test("ByteWindow copies nothing of pieces of one chunk", () => {
  const memory = new Uint8Array(30);
  const window = new ByteWindow(0);
  window.append(memory.slice(0, 10));
  window.drop(window.indexOf(8));
  window.append(memory.subarray(0, 10));
  window.drop(window.indexOf(15));
  window.append(memory.subarray(10, 20));
  assertStrictEquals(window.bytes.buffer, memory.buffer);
  assertEquals(window.size, 15);
});
