import { assertEquals } from "@std/assert";
import { readExperimentScores } from "./experiments.ts";
import { openProject } from "./project.ts";
import { recordComparison } from "./record_comparison.ts";
import { replayAnswers } from "./recording.ts";

const home = { kind: "local", projectUrl: "", readOnly: true } as const;
const signal = new AbortController().signal;

Deno.test("recordComparison() keeps what two experiments have on any page", async () => {
  const scores = Array.from({ length: 2_500 }, (_, index) => ({
    experiment_name: ["before", "after"][index % 1_100] ?? `other ${index}`,
  }));
  openProject(home, "https://project.example", () => Promise.resolve({}), (
    input,
  ) => {
    const { pathname, searchParams } = new URL(String(input));
    if (pathname !== "/rest/v1/experiment_scores") {
      return Promise.resolve(Response.json([]));
    }
    const from = Number(searchParams.get("offset"));
    return Promise.resolve(Response.json(scores.slice(from, from + 1_000)));
  });
  assertEquals((await readExperimentScores(signal)).length, 2_500);

  const recorded = await recordComparison(
    { baseline: "before", candidate: "after", owner: null },
    signal,
  );
  openProject(
    home,
    "https://recorded.invalid",
    () => Promise.resolve({}),
    replayAnswers(recorded),
  );
  assertEquals(
    (await readExperimentScores(signal)).map((row) => row.experiment_name),
    ["before", "after", "before", "after", "before", "after"],
  );
});
