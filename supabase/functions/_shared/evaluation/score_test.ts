import { assertEquals } from "@std/assert";
import { toStorableVerdict } from "./score.ts";

Deno.test("toStorableVerdict() keeps scores of up to a million", () => {
  assertEquals(toStorableVerdict({ score: -1e6, passed: false }), {
    score: -1e6,
    passed: false,
  });
});

for (const score of [1.7e308, -1e7, NaN, Infinity]) {
  Deno.test(`toStorableVerdict() takes no score of ${score}`, () => {
    assertEquals(toStorableVerdict({ score }), {
      error: `Cannot score: ${score} is beyond a million`,
    });
  });
}
