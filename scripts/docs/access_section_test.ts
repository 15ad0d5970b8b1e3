import { assertEquals, assertThrows } from "@std/assert";
import { replaceAccessSection, toAccessSection } from "./access_section.ts";

Deno.test("toAccessSection() says which rows and columns a role reaches", () => {
  assertEquals(
    toAccessSection({
      relations: [{
        name: "runs",
        user: { select: "own", update: "own" },
        service: { select: "all", insert: "all", update: "all", delete: "all" },
        columns: { update: ["status"] },
      }],
      functions: [{ name: "stop", arguments: () => ({}) }],
      operations: [{
        name: "run",
        method: "POST",
        anonymous: "refused",
        user: { reach: "own", others: 404 },
        service: "all",
      }],
    }),
    `| table or view | anonymous | signed-in user | \`service_role\` |
| - | - | - | - |
| \`runs\` | — | select own; update own (\`status\`) | everything |

| SQL function | anonymous | signed-in user | \`service_role\` |
| - | - | - | - |
| \`stop()\` | — | — | all |

| HTTP operation | anonymous | signed-in user | secret key |
| - | - | - | - |
| POST \`/functions/v1/run\` | 401 | own; others': 404 | all |
`,
  );
});

Deno.test("replaceAccessSection() wants a page with marks", () => {
  assertEquals(
    replaceAccessSection(
      "a\n<!-- access: begin -->\nold\n<!-- access: end -->\nb",
      "$& new\n",
    ),
    "a\n<!-- access: begin -->\n\n$& new\n\n<!-- access: end -->\nb",
  );
  assertThrows(() => replaceAccessSection("a", "new"), RangeError);
});
