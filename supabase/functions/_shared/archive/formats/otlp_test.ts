import { assertEquals } from "@std/assert";
import { attributesOf, plainValue } from "./otlp.ts";

Deno.test("plainValue() reads lists and objects of values", () =>
  assertEquals(
    plainValue({
      arrayValue: {
        values: [
          { stringValue: "a" },
          { kvlistValue: { values: [{ key: "b", value: { intValue: "1" } }] } },
          {},
        ],
      },
    }),
    ["a", { b: "1" }, null],
  ));

Deno.test("attributesOf() passes over what is no attribute", () =>
  assertEquals(
    [...attributesOf([null, { key: 1 }, {
      key: "a",
      value: { boolValue: false },
    }])],
    [["a", false]],
  ));
