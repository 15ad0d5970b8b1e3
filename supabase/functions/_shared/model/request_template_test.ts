import { assertEquals, assertThrows } from "@std/assert";
import { toRequestParts } from "./model_request.ts";
import { compileTemplate } from "./request_template.ts";

const PARTS = toRequestParts({
  prompt: 'Say "{{model}}"',
  messages: [{ role: "assistant", content: "Hello" }],
  parameters: { systemPrompt: "Be brief", temperature: 0.5, custom: [1] },
}, "m-1");

for (
  const [template, filled] of [
    [{ q: "{{prompt}}" }, { q: 'Say "{{model}}"' }],
    [{ q: "<{{ prompt }}>" }, { q: '<Say "{{model}}">' }],
    [{ deep: [{ m: "{{model}}" }] }, { deep: [{ m: "m-1" }] }],
    [{ t: "{{parameters.temperature}}" }, { t: 0.5 }],
    [{ t: "t={{parameters.temperature}}" }, { t: "t=0.5" }],
    [{ c: "{{parameters.custom}}" }, { c: [1] }],
    [{ s: "{{systemPrompt}}" }, { s: "Be brief" }],
    [
      { m: "{{messages}}" },
      {
        m: [
          { role: "system", content: "Be brief" },
          { role: "assistant", content: "Hello" },
          { role: "user", content: 'Say "{{model}}"' },
        ],
      },
    ],
    [{ n: 1, b: true, z: null }, { n: 1, b: true, z: null }],
    [["{{parameters.absent}}", "x"], ["x"]],
    [{ a: "[{{parameters.absent}}]" }, { a: "[]" }],
  ] as const
) {
  Deno.test(`compileTemplate() fills ${JSON.stringify(template)}`, () => {
    assertEquals(compileTemplate(template)(PARTS), filled);
  });
}

Deno.test("compileTemplate() leaves a field without a value out of the JSON", () => {
  const filled = compileTemplate({ a: "{{parameters.absent}}", b: 1 })(PARTS);
  assertEquals(JSON.parse(JSON.stringify(filled)), { b: 1 });
});

Deno.test("compileTemplate() gives all parameters by their names", () => {
  assertEquals(compileTemplate("{{parameters}}")(PARTS), {
    systemPrompt: "Be brief",
    temperature: 0.5,
    custom: [1],
  });
});

Deno.test("compileTemplate() refuses an unknown placeholder", () => {
  assertThrows(
    () => compileTemplate({ x: ["a {{promt}}"] }),
    Error,
    "Cannot fill {{promt}}",
  );
});
