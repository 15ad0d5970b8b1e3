import { assertEquals } from "@std/assert";
import vectors from "../../../../tests/json_schema_vectors.json" with {
  type: "json",
};
import { malformedPlaces } from "./malformed_schema.ts";

for (const { why, schema, problems } of vectors) {
  Deno.test(`malformedPlaces(): ${why}`, () => {
    assertEquals(malformedPlaces(schema).sort(), [...problems].sort());
  });
}
