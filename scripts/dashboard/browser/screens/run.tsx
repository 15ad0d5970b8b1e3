import { readFailureGroups } from "../data/failures.ts";
import { to } from "../data/here.ts";
import { isActive, nextLook, readRun } from "../data/runs.ts";
import { readTimeline } from "../data/timeline.ts";
import { useLoaded } from "../data/use_loaded.ts";
import { FailureGroups } from "../parts/failure_groups.tsx";
import { NewRunLink } from "../parts/new_run_link.tsx";
import { Notice } from "../parts/notice.tsx";
import { Steering } from "../parts/steering.tsx";
import { TimeLine } from "../parts/time_line.tsx";
import { RunFigures } from "../parts/run_figures.tsx";
import { Waiting } from "../parts/waiting.tsx";
import type { Screen, ScreenProps } from "../screen.ts";

/** One run while it goes on and after it. */
export const run: Screen = {
  path: "runs/:run",
  title: ({ run }) => `Run ${run}`,
  body: Run,
};

/** Errors and the time line are looked at more seldom than the counters, which wait a turn for each. */
const SLOW_MS = 30_000;

function Run({ values: { run: id } }: ScreenProps) {
  const loaded = useLoaded(
    `run ${id}`,
    (signal) => readRun(id, signal),
    (run) => nextLook(isActive(run)),
  );
  const isGoingOn = loaded.value && isActive(loaded.value);
  const of = isGoingOn === undefined
    ? undefined
    : `run ${id}, ${isGoingOn ? "going on" : "over"}`;
  const whileGoingOn = () => isGoingOn ? SLOW_MS : undefined;
  const errors = useLoaded(
    of && `errors of ${of}`,
    (signal) => readFailureGroups({ run: id }, signal),
    whileGoingOn,
  );
  const timeline = useLoaded(
    of && `timeline of ${of}`,
    (signal) => readTimeline(id, signal),
    whileGoingOn,
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
            <NewRunLink
              query={{ from: "run", run: id }}
              words="Ask its prompts again"
              isSecond
            />
            <Steering what="run" of={run} changed={loaded.reload} />
          </div>
          <RunFigures run={run} />
          {timeline.value && <TimeLine ticks={timeline.value} />}
          <section aria-label="Errors">
            <h2>Errors</h2>
            <Notice kind="problem" text={run.error} />
            {errors.value && <FailureGroups groups={errors.value} ofOneRun />}
          </section>
        </>
      )}
    </Waiting>
  );
}
