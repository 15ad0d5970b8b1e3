import { readInterval } from "../../../pipeline/read_interval.ts";
import { to } from "../data/here.ts";
import { hindranceOf, type Watch, type WatchStatus } from "../data/watches.ts";
import { Ago } from "./age.tsx";
import { Facts } from "./facts.tsx";
import {
  toDuration,
  toMoney,
  toNumber,
  toPercent,
  toSpent,
} from "./formats.ts";
import { Notice } from "./notice.tsx";
import { Status } from "./status.tsx";
import { VisibleText } from "./visible_text.tsx";

/** How far a watch is behind the app, what it has taken and spent, and what holds it up. */
export function WatchFigures(
  { watch, status }: { watch: Watch; status: WatchStatus },
) {
  const { max_cost_per_day, max_answers_per_day } = watch;
  const { run_id } = status;
  const hindrance = hindranceOf(status);
  return (
    <section aria-label="Figures">
      <Notice
        kind="problem"
        text={hindrance && `It stands still: ${hindrance}`}
      />
      <p class="wide">
        <Status status={status.status} />
        {status.lag === null
          ? <span>has not looked at its table yet</span>
          : (
            <span>
              all that was answered until {toDuration(readInterval(status.lag))}
              {" "}
              ago is scored
            </span>
          )}
      </p>
      <Facts
        facts={{
          Name: status.name,
          Table: (
            <a href={to(["tables", watch.source.table])}>
              <VisibleText text={watch.source.table} />
            </a>
          ),
          "Turns taken": toNumber(status.answered),
          "Skipped by the sample": watch.sample !== 1 &&
            `${toNumber(status.skipped)}, taken are ${toPercent(watch.sample)}`,
          "Without an answer": toNumber(status.unanswered),
          "Waiting for their answer": toNumber(status.waiting),
          "Taken today": max_answers_per_day === null
            ? toNumber(status.answered_today)
            : `${toNumber(status.answered_today)} of at most ${
              toNumber(max_answers_per_day)
            }`,
          "Spent today": toSpent(status.spent_today, max_cost_per_day),
          "Spent in all": toMoney(status.spent),
          "A window has": `${toNumber(watch.window_turns)} turns`,
          "Run of today": run_id && <a href={to(["runs", run_id])}>{run_id}</a>,
          Began: <Ago at={watch.created_at} />,
          Owner: status.owner,
        }}
      />
    </section>
  );
}
