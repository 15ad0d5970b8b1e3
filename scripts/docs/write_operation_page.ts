// Writes docs/reference/operations.md from the schemas of the operations.

import { OPERATIONS } from "../../supabase/functions/_shared/operations/operations.ts";
import { formatMarkdown } from "./format_markdown.ts";
import { toOperationPage } from "./operation_page.ts";

await Deno.writeTextFile(
  new URL("../../docs/reference/operations.md", import.meta.url),
  await formatMarkdown(toOperationPage(OPERATIONS)),
);
