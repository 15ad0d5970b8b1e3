import { assertRejects } from "@std/assert";
import { PipelineError } from "../../../supabase/functions/_shared/errors.ts";
import type { Terminal } from "../command.ts";
import { labels } from "./labels.ts";

Deno.test("labels delete asks nobody about a queue that is not there", async () => {
  await using project = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => Response.json([]),
  );
  const terminal = {
    environment: {
      SUPABASE_URL: `http://127.0.0.1:${project.addr.port}`,
      SUPABASE_SECRET_KEY: "sb_secret_a",
    },
    confirm: () => Promise.reject(new Error("it asked")),
  } as unknown as Terminal;
  await assertRejects(
    async () => await labels.run(["delete", "none"], terminal),
    PipelineError,
    'Cannot find label queue "none"',
  );
});
