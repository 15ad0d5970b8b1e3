import { assert } from "@std/assert";
import * as z from "zod";
import { toEvaluatorPage } from "./evaluator_page.ts";

Deno.test("toEvaluatorPage() lists fields with values, defaults and meanings", () => {
  const page = toEvaluatorPage([{
    schema: z.strictObject({
      type: z.literal("sample"),
      mode: z.enum(["a", "b"]).default("a").describe("How"),
      share: z.number().min(0).max(1).describe("How much"),
      size: z.int().positive().optional().describe("How large"),
      words: z.array(z.string()).default([]).describe("This | that"),
      scale: z.strictObject({ min: z.number() }).optional().describe("From"),
    }),
    example: { type: "sample", share: 0.5 },
    summary: "Is it so?",
    score: "1 when it is",
    passed: "when it is",
  }]);
  assert(page.endsWith(`## sample

Is it so?

- Score: 1 when it is.
- Passed: when it is.

\`\`\`json
{
  "type": "sample",
  "share": 0.5
}
\`\`\`

| field | value | default | meaning |
| - | - | - | - |
| \`mode\` | \`"a"\` or \`"b"\` | \`"a"\` | How |
| \`share\` | number, from 0 to 1 | required | How much |
| \`size\` | whole number above 0 |  | How large |
| \`words\` | list of text | \`[]\` | This \\| that |
| \`scale\` | object with \`min\` |  | From |
`));
});
