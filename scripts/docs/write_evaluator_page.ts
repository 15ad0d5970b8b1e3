// Compares docs/evaluators.md with the schemas of the evaluators; with --update, writes it.

import { EVALUATORS } from "../../supabase/functions/_shared/evaluation/evaluators.ts";
import { toEvaluatorPage } from "./evaluator_page.ts";
import { formatMarkdown } from "./format_markdown.ts";

const file = new URL("../../docs/evaluators.md", import.meta.url);
const page = await formatMarkdown(toEvaluatorPage(EVALUATORS));

if (Deno.args.includes("--update")) {
  await Deno.writeTextFile(file, page);
} else if (await Deno.readTextFile(file) !== page) {
  console.error(
    "docs/evaluators.md differs from the evaluators: write it anew with --update",
  );
  Deno.exit(1);
}
