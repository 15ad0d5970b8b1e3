import { readInterval } from "../../../pipeline/read_interval.ts";
import { to } from "../data/here.ts";
import { project } from "../data/project.ts";
import { useLoaded } from "../data/use_loaded.ts";
import {
  hindranceOf,
  readWatches,
  WATCH_MS,
  type WatchStatus,
} from "../data/watches.ts";
import { Alarm } from "../parts/alarm.tsx";
import { toDuration, toMoney, toNumber } from "../parts/formats.ts";
import { Interval } from "../parts/interval.tsx";
import { Status } from "../parts/status.tsx";
import { type Column, column, figure, Table } from "../parts/table.tsx";
import { Waiting } from "../parts/waiting.tsx";
import type { Screen } from "../screen.ts";

/** All watches and how they stand by each of their evaluators, live. */
export const watches: Screen = {
  path: "watches",
  title: () => "Watches",
  nav: { label: "Watches", key: "w" },
  body: Watches,
};

function Watches() {
  const loaded = useLoaded(
    "watches",
    (signal) => readWatches(undefined, signal),
    () => WATCH_MS,
  );
  return (
    <>
      <p class="actions">
        {!project().home.readOnly && (
          <a class="button primary" href={to(["new-watch"])}>New watch</a>
        )}
        <a class="button" href={to(["tables"])}>Tables</a>
      </p>
      <Waiting loaded={loaded}>
        {(statuses) => (
          <Table
            label="Watches"
            columns={COLUMNS}
            rows={statuses}
            rowKey={({ id, evaluator }) => `${id} ${evaluator}`}
            href={({ id }) => to(["watches", id])}
            empty={
              <>
                No watch that you may see. One scores what an app stores in a
                table of the project, as it comes, and tells when the scores
                change:{" "}
                <code>
                  insert into pipeline_watches (name, source, evaluators) …
                </code>
              </>
            }
          />
        )}
      </Waiting>
    </>
  );
}

const COLUMNS: Column<WatchStatus>[] = [
  column("Watch", "12rem", ({ name }) => name),
  column("Alarm", "6rem", (status) => <Alarm status={status} />),
  column("Status", "8rem", (watch) => (
    <Status
      status={hindranceOf(watch) === null ? watch.status : "stands still"}
    />
  )),
  column("Evaluator", "9rem", ({ evaluator }) => evaluator),
  column(
    "Mean of 24 hours",
    "10rem",
    ({ mean, low, high }) => <Interval mean={mean} low={low} high={high} />,
  ),
  figure("Lag", "6rem", ({ lag }) => toDuration(readInterval(lag))),
  figure("Scored", "6rem", ({ scored }) => toNumber(scored)),
  figure("Skipped", "6rem", ({ skipped }) => toNumber(skipped)),
  figure("Unanswered", "7rem", ({ unanswered }) => toNumber(unanswered)),
  figure("Spent today", "7rem", ({ spent_today }) => toMoney(spent_today)),
];
