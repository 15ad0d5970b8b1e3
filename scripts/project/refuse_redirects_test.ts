import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { writeComparisonFile } from "../dashboard/write_comparison_file.ts";
import { inspectWorker } from "../pipeline/call_function.ts";
import { callProject } from "../tool/call_project.ts";
import { createProjectClient } from "./create_client.ts";

Deno.test("the secret key follows no redirect", async () => {
  const led: string[] = [];
  await using elsewhere = Deno.serve({ port: 0, onListen() {} }, (request) => {
    led.push(request.url);
    return Response.json([]);
  });
  await using project = Deno.serve(
    { port: 0, onListen() {} },
    () => Response.redirect(`http://127.0.0.1:${elsewhere.addr.port}/`, 307),
  );
  const url = `http://127.0.0.1:${project.addr.port}`;
  const connection = { url, secretKey: "sb_secret_a" };
  const { error } = await createProjectClient(connection)
    .rpc("pipeline_inspect_project");
  assertMatch(error!.message, /redirect/);
  await assertRejects(
    () => inspectWorker(connection, fetch),
    TypeError,
    "redirect",
  );
  await assertRejects(() =>
    callProject({ url, key: "sb_secret_a" }, {}, fetch)
  );
  await assertRejects(
    () =>
      writeComparisonFile(connection, {
        baseline: "before",
        candidate: "after",
        owner: null,
      }),
    Error,
    "redirect",
  );
  assertEquals(led, []);
});
