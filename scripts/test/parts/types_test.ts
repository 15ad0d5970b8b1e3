// The types, those of the functions also with the Deno of hosted Supabase. It takes the longest of all
// files, so it is one of its own.

import { glob } from "node:fs/promises";
import { checkout } from "../../local/checkout.ts";
import {
  findHostedDeno,
  hostedDenoEnv,
  hostedDenoFlags,
} from "../hosted_deno.ts";
import { expectSuccess } from "../expect_success.ts";

Deno.test("deno check scripts supabase", () =>
  expectSuccess(Deno.execPath(), ["check", "scripts", "supabase"]));

Deno.test("deno check of the functions with the Deno of hosted Supabase", async () => {
  const entries = await Array.fromAsync(
    glob("supabase/functions/*/index.ts", { cwd: checkout }),
  );
  await expectSuccess(
    await findHostedDeno(),
    ["check", ...hostedDenoFlags, ...entries],
    hostedDenoEnv,
  );
});
