import { assertEquals } from "@std/assert";
import {
  readExperimentCosts,
  readExperimentNames,
  readExperiments,
  readExperimentScores,
} from "./experiments.ts";
import { readFailures } from "./failures.ts";
import { openProject } from "./project.ts";
import { recordComparison } from "./record_comparison.ts";
import { replayAnswers } from "./recording.ts";

Deno.test("recordComparison() keeps what it asked itself, of both experiments and their owner", async () => {
  const rows = ["a", "b", "c"].flatMap((experiment_name) =>
    [null, "somebody"].map((owner) => ({ experiment_name, owner }))
  );
  openProject(
    { kind: "local", projectUrl: "", readOnly: true },
    "https://project.example",
    () => Promise.resolve({}),
    (input) => {
      const { pathname, searchParams } = new URL(String(input));
      const isOver = Number(searchParams.get("offset")) > 0;
      return Promise.resolve(
        Response.json(/\/rpc\/compare/.test(pathname) || isOver ? [] : rows),
      );
    },
  );
  const saved = recordComparison({
    baseline: "a",
    candidate: "b",
    owner: "somebody",
  });
  // Another screen asks meanwhile.
  await readFailures({}, new AbortController().signal);
  const recorded = await saved;
  const [pages, ends] = [false, true].map((isEnd) =>
    Object.entries(recorded).filter(([question]) =>
      /offset=[1-9]/.test(question) === isEnd
    )
  );
  assertEquals(ends.map(([, rows]) => rows), [[]]);
  assertEquals(
    Object.fromEntries(
      pages.map(([question, answer]) => [
        question.split(/[?\[]/)[0],
        answer,
      ]),
    ),
    {
      "/rest/v1/rpc/compare_experiments": [],
      ...Object.fromEntries(
        [
          "rpc/list_experiments",
          "rpc/summarize_experiments",
          "rpc/summarize_experiment_scores",
          "rpc/summarize_experiment_costs",
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

const home = { kind: "local", projectUrl: "", readOnly: true } as const;
const signal = new AbortController().signal;

Deno.test("recordComparison() finds two experiments on whichever page they are listed", async () => {
  const listed = Array.from({ length: 2_500 }, (_, index) => ({
    experiment_name: ["before", "after"][index - 1_999] ?? `other ${index}`,
    owner: null,
  }));
  openProject(home, "https://project.example", () => Promise.resolve({}), (
    input,
  ) => {
    const { pathname, searchParams } = new URL(String(input));
    if (pathname !== "/rest/v1/rpc/list_experiments") {
      return Promise.resolve(Response.json([]));
    }
    const from = Number(searchParams.get("offset"));
    return Promise.resolve(Response.json(listed.slice(from, from + 1_000)));
  });
  assertEquals((await readExperimentNames(signal)).length, 2_500);

  const recorded = await recordComparison(
    { baseline: "before", candidate: "after", owner: null },
  );
  openProject(
    home,
    "https://recorded.invalid",
    () => Promise.resolve({}),
    replayAnswers(recorded),
  );
  const both = await readExperimentNames(signal);
  assertEquals(both.map((row) => row.experiment_name), ["before", "after"]);
  // As the screen of the file asks for them.
  assertEquals(await readExperiments(both, signal), []);
  assertEquals(await readExperimentScores(both, signal), []);
  assertEquals(await readExperimentCosts(both, signal), []);
});
