import { assertEquals } from "@std/assert";
import { readTemplate } from "./read_template.ts";

Deno.test("readTemplate() takes messages as text and from files", async () => {
  const file = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(file, "{{prompt}}\n\nBe brief.\n");
    assertEquals(await readTemplate({}), undefined);
    assertEquals(
      await readTemplate({ template: `@${file}`, system: "Hi {{name}}" }),
      { system: "Hi {{name}}", user: "{{prompt}}\n\nBe brief." },
    );
  } finally {
    await Deno.remove(file);
  }
});
