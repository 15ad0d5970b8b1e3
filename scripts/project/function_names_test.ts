import { assertEquals } from "@std/assert";
import { supabaseFolder } from "../local/checkout.ts";
import { readFunctionSettings } from "../local/functions/function_settings.ts";
import { NEEDED_FUNCTIONS, OPERATION_FUNCTIONS } from "./function_names.ts";

Deno.test("NEEDED_FUNCTIONS and OPERATION_FUNCTIONS are the functions of supabase/functions", async () => {
  const settings = await readFunctionSettings(supabaseFolder);
  assertEquals(
    settings.map(({ name }) => name),
    [...NEEDED_FUNCTIONS, ...OPERATION_FUNCTIONS].sort(),
  );
});
