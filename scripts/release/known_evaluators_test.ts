import { assertEquals } from "@std/assert";
import { join } from "node:path";
import { supabaseFolder } from "../local/checkout.ts";
import { toKnownEvaluators } from "./known_evaluators.ts";

Deno.test("known_evaluators.sql is what deno task migration writes", async () => {
  const committed = await Deno.readTextFile(
    join(supabaseFolder, "schemas/rules/known_evaluators.sql"),
  );
  assertEquals(committed, toKnownEvaluators());
});
