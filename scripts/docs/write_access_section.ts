// Writes the tables of docs/security.md from the table that the access test tries out.

import {
  FUNCTIONS,
  OPERATIONS,
  RELATIONS,
} from "../../supabase/tests/e2e/access_table.ts";
import { replaceAccessSection, toAccessSection } from "./access_section.ts";
import { formatMarkdown } from "./format_markdown.ts";

const file = new URL("../../docs/security.md", import.meta.url);
const section = toAccessSection({
  relations: RELATIONS,
  functions: FUNCTIONS,
  operations: OPERATIONS,
});
await Deno.writeTextFile(
  file,
  await formatMarkdown(
    replaceAccessSection(await Deno.readTextFile(file), section),
  ),
);
