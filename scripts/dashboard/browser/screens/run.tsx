import { type FailureGroup, readFailureGroups } from "../data/failures.ts";
import { to } from "../data/here.ts";
import { isActive, nextLook, readRun, type WholeRun } from "../data/runs.ts";
import { useLoaded } from "../data/use_loaded.ts";
import { FailureGroups } from "../parts/failure_groups.tsx";
import { RunSteering } from "../parts/run_steering.tsx";
import { RunFigures } from "../parts/run_figures.tsx";
import { Waiting } from "../parts/waiting.tsx";
import type { Screen, ScreenProps } from "../screen.ts";

/** One run while it goes on and after it. */
export const run: Screen = {
  path: "runs/:run",
  title: ({ run }) => `Run ${run}`,
  body: Run,
};

function Run({ values: { run: id } }: ScreenProps) {
  const loaded = useLoaded(
    `run ${id}`,
    (signal) => readRun(id, signal),
    (run) => nextLook(isActive(run)),
  );
  const errors = useLoaded(
    `errors of run ${id}`,
    (signal) => readFailureGroups({ run: id }, signal),
    () => loaded.value && isActive(loaded.value) ? 10_000 : undefined,
  );
  return (
    <Waiting loaded={loaded}>
      {(run) => (
        <>
          <div class="actions">
            <a
              class="button primary"
              href={to(["runs", id, "answers"])}
              data-key="a"
            >
              Answers
            </a>
            <a
              class="button"
              href={to(["runs"], { experiment: run.experiment_name })}
            >
              Runs of this experiment
            </a>
            <RunSteering run={run} changed={loaded.reload} />
          </div>
          <RunFigures run={run} />
          <RunErrors run={run} groups={errors.value} />
        </>
      )}
    </Waiting>
  );
}

/** What went wrong, by kind. */
export function RunErrors(
  { run, groups }: { run: WholeRun; groups?: FailureGroup[] },
) {
  return (
    <section aria-label="Errors">
      <h2>Errors</h2>
      {run.error && <p class="problem">{run.error}</p>}
      {groups && <FailureGroups groups={groups} ofOneRun />}
    </section>
  );
}
