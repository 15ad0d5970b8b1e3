import { assertEquals } from "@std/assert";
import { readFailures } from "./failures.ts";
import { openProject } from "./project.ts";
import { recordComparison } from "./record_comparison.ts";

Deno.test("recordComparison() keeps what it asked itself, of both experiments and their owner", async () => {
  const rows = ["a", "b", "c"].flatMap((experiment_name) =>
    [null, "somebody"].map((owner) => ({ experiment_name, owner }))
  );
  openProject(
    { kind: "local", projectUrl: "", readOnly: true },
    "https://project.example",
    () => Promise.resolve({}),
    (input) =>
      Promise.resolve(
        Response.json(String(input).includes("/rpc/") ? [] : rows),
      ),
  );
  const saved = recordComparison({
    baseline: "a",
    candidate: "b",
    owner: "somebody",
  });
  // Another screen asks meanwhile.
  await readFailures({}, new AbortController().signal);
  const recorded = await saved;
  assertEquals(
    Object.fromEntries(
      Object.entries(recorded).map(([question, answer]) => [
        question.split(/[?\[]/)[0],
        answer,
      ]),
    ),
    {
      "/rest/v1/rpc/compare_experiments": [],
      ...Object.fromEntries(
        [
          "experiment_summary",
          "experiment_scores",
          "experiment_costs",
          "pipeline_error_groups",
        ].map((table) => [
          `/rest/v1/${table}`,
          ["a", "b"].map((experiment_name) => ({
            experiment_name,
            owner: "somebody",
          })),
        ]),
      ),
    },
  );
});
