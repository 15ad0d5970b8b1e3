import { assertEquals } from "@std/assert";
import vectors from "../../../tests/template_vectors.json" with {
  type: "json",
};
import { fillTemplate } from "./fill_template.ts";

for (const { why, template, prompt, filled, missing } of vectors) {
  Deno.test(`fillTemplate(): ${why}`, () => {
    assertEquals(
      fillTemplate(template, prompt),
      missing === undefined ? { filled: filled! } : { missing },
    );
  });
}
