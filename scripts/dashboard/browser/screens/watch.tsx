import { toAnswers } from "../data/answer_place.ts";
import { go, here, to } from "../data/here.ts";
import { project } from "../data/project.ts";
import { type ListedRun, readRuns } from "../data/runs.ts";
import { steer } from "../data/steer.ts";
import { useLoaded } from "../data/use_loaded.ts";
import {
  readWatch,
  readWindows,
  WATCH_MS,
  type WatchStatus,
} from "../data/watches.ts";
import { Action } from "../parts/action.tsx";
import { Chips } from "../parts/chips.tsx";
import { EvaluatorWatch } from "../parts/evaluator_watch.tsx";
import { Waiting } from "../parts/waiting.tsx";
import { WatchFigures } from "../parts/watch_figures.tsx";
import { WatchLimits } from "../parts/watch_limits.tsx";
import { PauseOrResume } from "../parts/steering.tsx";
import type { Screen, ScreenProps } from "../screen.ts";
import { RunTable } from "./runs.tsx";

/** One watch: how far it is, what it spends, and how what an app answers scores over time. */
export const watch: Screen = {
  path: "watches/:watch",
  title: ({ watch }) => `Watch ${watch}`,
  body: OneWatch,
};

const DAYS = [["", "a week"], ["1", "a day"], ["30", "a month"]] as const;

/** Windows are full more seldom than figures change. */
const SLOW_MS = 10_000;

function OneWatch({ values: { watch: id } }: ScreenProps) {
  const { query } = here.value;
  const loaded = useLoaded(
    `watch ${id}`,
    (signal) => readWatch(id, signal),
    () => WATCH_MS,
  );
  return (
    <Waiting loaded={loaded}>
      {({ watch, statuses }) => {
        const [first] = statuses;
        return (
          <>
            <div class="actions">
              <a
                class="button primary"
                href={toAnswers(first.name, { owner: first.owner })}
                data-key="a"
              >
                Answers
              </a>
              <PauseOrResume
                what="watch"
                id={watch.id}
                isPaused={first.status === "paused"}
                changed={loaded.reload}
              />
              <a class="button" href={to(["watches"])}>Watches</a>
              <Action
                words="Delete"
                act={() => steer("delete", "watch", watch.id)}
                done={() => go(to(["watches"]))}
                question={`Delete watch ${watch.id}? Answers and scores stay.`}
              />
            </div>
            <WatchFigures watch={watch} status={first} />
            {!project().home.readOnly && (
              <WatchLimits watch={watch} changed={loaded.reload} />
            )}
            <Chips
              label="Of"
              name="days"
              choices={DAYS}
            />
            <OverTime statuses={statuses} days={Number(query.days ?? 7)} />
          </>
        );
      }}
    </Waiting>
  );
}

function OverTime(
  { statuses, days }: { statuses: WatchStatus[]; days: number },
) {
  const { id, name, owner } = statuses[0];
  const windows = useLoaded(
    `windows of watch ${id}, ${days} days`,
    (signal) => {
      const since = new Date(Date.now() - days * 86_400_000).toISOString();
      return readWindows(String(id), since, signal);
    },
    () => SLOW_MS,
  );
  const runs = useLoaded(
    JSON.stringify(["runs of a watch", name, owner]),
    async (signal): Promise<ListedRun[]> =>
      (await readRuns({ experiment: name }, signal))
        .filter((run) => run.owner === owner),
    () => SLOW_MS,
  );
  return (
    <>
      <Waiting loaded={windows}>
        {(windows) => (
          <>
            {statuses.map((status) => (
              <EvaluatorWatch
                key={status.evaluator}
                status={status}
                windows={windows}
                runs={runs.value ?? []}
              />
            ))}
          </>
        )}
      </Waiting>
      <h2>Its runs, one a day</h2>
      <Waiting loaded={runs}>
        {(runs) => <RunTable runs={runs} empty="No run yet." />}
      </Waiting>
    </>
  );
}
