import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { isObject, type Json } from "../json.ts";
import { parseRecord } from "../records/parse_record.ts";
import { Projector } from "../records/projection/projector.ts";
import { changeValue, strangeValue } from "../testing/change_value.ts";
import { toBytes } from "../testing/collect.ts";
import { fixtures } from "../testing/fixtures.ts";
import { describeShape, formatOf, formats } from "./formats.ts";

Deno.test("formats have names of their own, by which a cursor finds them again", () => {
  const names = formats.map(({ name }) => name);
  assertEquals(names, [...new Set(names)]);
});

Deno.test("formatOf() looks at all records and prefers the most specific format", () => {
  const records = [{ role: "user", content: "a" }, { mapping: {} }];
  assertEquals(formatOf(records)?.name, "chatgpt");
  assertEquals(formatOf([{ colour: 1 }]), undefined);
});

function parse(bytes: Uint8Array): Json {
  const parsed = parseRecord(bytes);
  assert("value" in parsed);
  return parsed.value;
}

Deno.test("formats read the same of the part that they ask for as of the whole", () => {
  const projected = formats.filter((format) => format.kind === "conversation")
    .filter(({ projection }) => projection !== undefined);
  fc.assert(
    fc.property(
      fc.constantFrom(...projected),
      fc.constantFrom(...fixtures),
      fc.array(fc.nat(20), { minLength: 1, maxLength: 8 }),
      strangeValue,
      (
        { projection, matches, isEnough, read },
        { archive },
        place,
        replacement,
      ) => {
        const records = typeof archive === "object" ? [archive].flat() : [];
        for (const record of records as Json[]) {
          const value = changeValue(record, place, replacement);
          if (!isObject(value) || !matches(value)) continue;
          const bytes = toBytes(value);
          const projector = new Projector(projection!);
          assertEquals(projector.findEnd(bytes, 0, bytes.length), bytes.length);
          // The scanner then parses the whole.
          if (projector.isOdd) continue;
          const part = new Uint8Array(bytes.length);
          const size = projector.keep(bytes, part);
          const kept = parse(part.subarray(0, size));
          if (isObject(kept) && isEnough?.(kept) === false) continue;
          assertEquals(read(kept), read(parse(bytes)));
        }
      },
    ),
    { numRuns: 3000 },
  );
});

Deno.test("describeShape() names the keys, long ones cut", () => {
  assertEquals(describeShape({ a: 1, b: 2 }), "an object with the keys a, b");
  assertEquals(
    describeShape({ ["x".repeat(50)]: 1 }),
    `an object with the keys ${"x".repeat(40)}…`,
  );
  assertEquals(describeShape([1]), "a list");
  assertEquals(describeShape(null), "null");
});
