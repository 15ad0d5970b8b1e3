import { assertEquals } from "@std/assert";
import { toTenths } from "./tenths.ts";

Deno.test("toTenths() gives rate and most memory of each tenth, between the moments that were seen", () => {
  const moments = [
    { seconds: 0, done: 0, memoryMb: 100 },
    { seconds: 1, done: 50, memoryMb: 150 },
    { seconds: 2, done: 60, memoryMb: 120 },
    { seconds: 6, done: 100, memoryMb: 130 },
  ];
  const tenths = toTenths(moments, 100);
  assertEquals(tenths.map(({ rate }) => Math.round(rate)), [
    50,
    50,
    50,
    50,
    50,
    10,
    10,
    10,
    10,
    10,
  ]);
  assertEquals(tenths.map(({ memoryMb }) => memoryMb), [
    150,
    150,
    150,
    150,
    150,
    120,
    130,
    130,
    130,
    130,
  ]);
});
