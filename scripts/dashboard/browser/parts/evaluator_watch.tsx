import { toAnswers } from "../data/answer_place.ts";
import { to } from "../data/here.ts";
import type { ListedRun } from "../data/runs.ts";
import type { WatchStatus, WatchWindow } from "../data/watches.ts";
import { Age } from "./age.tsx";
import { Alarm } from "./alarm.tsx";
import { Facts } from "./facts.tsx";
import { toNumber, toP, toScore } from "./formats.ts";
import { Interval } from "./interval.tsx";
import { type Column, column, figure, Table } from "./table.tsx";
import { VisibleText } from "./visible_text.tsx";
import { WindowChart, type WindowMark } from "./window_chart.tsx";

/** How what an app answers scores by one evaluator: now, over time, and window by window. */
export function EvaluatorWatch({ status, windows, runs }: {
  status: WatchStatus;
  /** Of all evaluators. */
  windows: WatchWindow[];
  /** One a day, the newest first. */
  runs: ListedRun[];
}) {
  const { evaluator, baseline, alarm_since } = status;
  const own = windows.filter((window) => window.evaluator === evaluator);
  const toWorst = ({ closed_at }: WatchWindow) => {
    const run = runOf(runs, closed_at);
    const worst = { sort: "worst", evaluator };
    return run
      ? to(["runs", run.id, "answers"], worst)
      : toAnswers(status.name, { ...worst, owner: status.owner });
  };
  return (
    <section aria-label={evaluator}>
      <h2>
        <VisibleText text={evaluator} />
      </h2>
      <Facts
        facts={{
          Alarm: (
            <>
              <Alarm status={status} />
              {alarm_since !== null && (
                <>
                  {" "}for <Age at={alarm_since} />
                </>
              )}
            </>
          ),
          "Mean of 24 hours": (
            <Interval
              mean={status.mean}
              low={status.low}
              high={status.high}
            />
          ),
          "Measured by": baseline === null
            ? "the first window, when it is full"
            : `${toScore(baseline)}, ${
              status.is_approved ? "approved" : "the first window"
            }`,
          Scored: toNumber(status.scored),
        }}
      />
      <WindowChart
        title={evaluator}
        windows={own.map((window) => toMark(window, toWorst(window)))}
        baseline={baseline}
      />
      <Table
        label={`Windows of ${evaluator}`}
        columns={COLUMNS}
        rows={own.toReversed()}
        rowKey={({ number }) => number}
        href={toWorst}
        empty="No turn has a score yet."
      />
    </section>
  );
}

function toMark(window: WatchWindow, href: string): WindowMark {
  return {
    key: window.number,
    at: window.closed_at === null ? Date.now() : Date.parse(window.closed_at),
    turns: window.turns,
    mean: window.mean,
    low: window.low,
    high: window.high,
    bandLow: window.band_low,
    bandHigh: window.band_high,
    isAlarm: window.is_outside,
    href,
  };
}

/** The run of the day on which a window was full: the newest that had begun by then. */
export function runOf<Run extends Pick<ListedRun, "created_at">>(
  runs: Run[],
  closedAt: string | null,
): Run | undefined {
  return closedAt === null
    ? runs[0]
    : runs.find(({ created_at }) =>
      Date.parse(created_at) <= Date.parse(closedAt)
    );
}

const COLUMNS: Column<WatchWindow>[] = [
  column(
    "Worst answers of",
    "10rem",
    ({ number }) => number === 0 ? "the first window" : `window ${number}`,
  ),
  column(
    "Full, ago",
    "8rem",
    ({ closed_at }) =>
      closed_at === null ? "not full yet" : <Age at={closed_at} />,
  ),
  figure("Turns", "6rem", ({ turns }) => toNumber(turns)),
  column(
    "Mean",
    "12rem",
    ({ mean, low, high }) => <Interval mean={mean} low={low} high={high} />,
  ),
  column(
    "No alarm between",
    "10rem",
    ({ band_low, band_high }) =>
      band_low === null || band_high === null
        ? "–"
        : `${toScore(band_low)} and ${toScore(band_high)}`,
  ),
  figure("p", "6rem", ({ p }) => toP(p)),
  column(
    "Judged",
    "8rem",
    ({ p, is_outside }) =>
      p === null
        ? "–"
        : is_outside
        ? <span class="bad">! outside</span>
        : <span class="good">✓ inside</span>,
  ),
];
