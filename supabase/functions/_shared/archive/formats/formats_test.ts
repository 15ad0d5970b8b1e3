import { deepEqual, equal } from "node:assert/strict";
import { describeShape, formatOf, formats } from "./formats.ts";

Deno.test("formats have names of their own, by which a cursor finds them again", () => {
  const names = formats.map(({ name }) => name);
  deepEqual(names, [...new Set(names)]);
});

Deno.test("formatOf() looks at all records and prefers the most specific format", () => {
  const records = [{ role: "user", content: "a" }, { mapping: {} }];
  equal(formatOf(records)?.name, "chatgpt");
  equal(formatOf([{ colour: 1 }]), undefined);
});

Deno.test("describeShape() names the keys, long ones cut", () => {
  equal(describeShape({ a: 1, b: 2 }), "an object with the keys a, b");
  equal(
    describeShape({ ["x".repeat(50)]: 1 }),
    `an object with the keys ${"x".repeat(40)}…`,
  );
  equal(describeShape([1]), "a list");
  equal(describeShape(null), "null");
});
