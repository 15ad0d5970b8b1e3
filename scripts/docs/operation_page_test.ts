import { equal, match } from "node:assert/strict";
import { z } from "zod";
import { OPERATIONS } from "../../supabase/functions/_shared/operations/operations.ts";
import { formatMarkdown } from "./format_markdown.ts";
import { toOperationPage } from "./operation_page.ts";

Deno.test("docs/reference/operations.md is what the operations say", async () => {
  const page = await Deno.readTextFile(
    new URL("../../docs/reference/operations.md", import.meta.url),
  );
  equal(
    page,
    await formatMarkdown(toOperationPage(OPERATIONS)),
    "run: deno run -A scripts/docs/write_operation_page.ts",
  );
});

Deno.test("toOperationPage() lists fields with kinds, defaults and meanings", () => {
  const page = toOperationPage({
    do_it: {
      summary: "Do it",
      input: z.strictObject({
        how: z.enum(["fast", "well"]).default("well").describe("In which way"),
        items: z.array(z.string()),
      }),
      output: z.object({ done: z.boolean().optional() }),
    },
  });
  match(page, /Do it\. Function `do-it`\./);
  match(
    page,
    /\| `how` \| `fast`, `well` \| default `"well"`; In which way \|/,
  );
  match(page, /\| `items` \| list of string \| {2}\|/);
  match(page, /\| `done` \| boolean \| optional \|/);
});
