import { assert, assertRejects } from "@std/assert";
import { PipelineError } from "../../supabase/functions/_shared/errors.ts";
import { askSupabaseCli } from "./supabase_cli.ts";
import { withNpx } from "./testing/stand_in_npx.ts";

const URL = "postgres://postgres:geheim@127.0.0.1:1/postgres";

for (
  const [name, script, said] of [
    ["says nothing", "exit 7", "7"],
    [
      "repeats its arguments",
      'echo "cannot reach $*" >&2; exit 1',
      "cannot reach",
    ],
  ]
) {
  Deno.test(`askSupabaseCli() tells no password when the CLI ${name}`, () =>
    withNpx(script, async () => {
      const error = await assertRejects(
        () => askSupabaseCli(URL, ["db", "query", "select 1"]),
        PipelineError,
        said,
      );
      assert(!Deno.inspect(error).includes("geheim"), Deno.inspect(error));
    }));
}
