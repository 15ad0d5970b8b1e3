// Writes docs/faults.md from the cases that the fault matrix tests.

import { FAULT_CASES } from "../../supabase/functions/_shared/model/fault_outcomes.ts";
import { toFaultPage } from "../../supabase/functions/_shared/model/fault_table.ts";

await Deno.writeTextFile(
  new URL("../../docs/faults.md", import.meta.url),
  toFaultPage(FAULT_CASES),
);
