import { join } from "node:path";
import { EVALUATORS } from "../../supabase/functions/_shared/evaluation/evaluators.ts";
import { formats } from "../../supabase/functions/_shared/archive/formats/formats.ts";
import { fixtures } from "../../supabase/functions/_shared/archive/testing/fixtures.ts";
import { FAILURE_FACTS } from "../../supabase/functions/_shared/model/failures/failure_facts.ts";
import { FINISH_FACTS } from "../../supabase/functions/_shared/model/finish_reasons.ts";
import { FAULT_CASES } from "../../supabase/functions/_shared/model/testing/fault_outcomes.ts";
import { OPERATIONS } from "../../supabase/functions/_shared/operations/operations.ts";
import {
  FUNCTIONS,
  OPERATIONS as OPERATION_ACCESS,
  RELATIONS,
} from "../../supabase/tests/e2e/access_table.ts";
import { checkout } from "../local/checkout.ts";
import { startProjectDatabase } from "../test/test_database.ts";
import { replaceAccessSection, toAccessSection } from "./access_section.ts";
import { toDatabasePage } from "./database_page.ts";
import { toEvaluatorPage } from "./evaluator_page.ts";
import { toFaultPage } from "./fault_page.ts";
import { readFormatFiles, toFormatPage } from "./format_page.ts";
import { formatText } from "./format_text.ts";
import { toOperationPage } from "./operation_page.ts";

/** A page that is written from what it describes. */
interface GeneratedPage {
  /** From the root of the checkout. */
  path: string;
  /** Gives the page before `deno fmt` lays it out, from what it was. */
  write(page: string): string | Promise<string>;
}

export const GENERATED_PAGES: readonly GeneratedPage[] = [
  { path: "docs/evaluators.md", write: () => toEvaluatorPage(EVALUATORS) },
  {
    path: "docs/formats.md",
    write: async () => toFormatPage(formats, fixtures, await readFormatFiles()),
  },
  {
    path: "docs/faults.md",
    write: () => toFaultPage(FAULT_CASES, FAILURE_FACTS, FINISH_FACTS),
  },
  {
    path: "docs/security.md",
    write: (page) =>
      replaceAccessSection(
        page,
        toAccessSection({
          relations: RELATIONS,
          functions: FUNCTIONS,
          operations: OPERATION_ACCESS,
        }),
      ),
  },
  {
    path: "docs/reference/operations.md",
    write: () => toOperationPage(OPERATIONS),
  },
  {
    path: "docs/reference/database.md",
    async write() {
      await using database = await startProjectDatabase();
      return await toDatabasePage(database.sql);
    },
  },
];

/** What the page should be. */
export async function writePage(
  { path, write }: GeneratedPage,
): Promise<string> {
  const page = await Deno.readTextFile(join(checkout, path));
  return await formatText(await write(page), "md");
}

if (import.meta.main) {
  for (const page of GENERATED_PAGES) {
    await Deno.writeTextFile(join(checkout, page.path), await writePage(page));
  }
}
