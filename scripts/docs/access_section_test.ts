import { equal, throws } from "node:assert/strict";
import {
  FUNCTIONS,
  OPERATIONS,
  RELATIONS,
} from "../../supabase/tests/e2e/access_table.ts";
import { replaceAccessSection, toAccessSection } from "./access_section.ts";
import { formatMarkdown } from "./format_markdown.ts";

Deno.test("docs/security.md shows the table that the access test tries out", async () => {
  const page = await Deno.readTextFile(
    new URL("../../docs/security.md", import.meta.url),
  );
  const section = toAccessSection({
    relations: RELATIONS,
    functions: FUNCTIONS,
    operations: OPERATIONS,
  });
  equal(
    page,
    await formatMarkdown(replaceAccessSection(page, section)),
    "run: deno run -A scripts/docs/write_access_section.ts",
  );
});

Deno.test("toAccessSection() says which rows and columns a role reaches", () => {
  equal(
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
  equal(
    replaceAccessSection(
      "a\n<!-- access: begin -->\nold\n<!-- access: end -->\nb",
      "$& new\n",
    ),
    "a\n<!-- access: begin -->\n\n$& new\n\n<!-- access: end -->\nb",
  );
  throws(() => replaceAccessSection("a", "new"), RangeError);
});
