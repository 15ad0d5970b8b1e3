import {
  type Failure,
  FAILURES_OF_A_PAGE,
  readFailureGroups,
  readFailures,
} from "../data/failures.ts";
import { here, to } from "../data/here.ts";
import { useLoaded } from "../data/use_loaded.ts";
import { Age } from "../parts/age.tsx";
import { FailureGroups } from "../parts/failure_groups.tsx";
import { PagesByAge } from "../parts/pages.tsx";
import { type Column, column, figure, Table } from "../parts/table.tsx";
import { VisibleText } from "../parts/visible_text.tsx";
import { Waiting } from "../parts/waiting.tsx";
import type { Screen } from "../screen.ts";

/** A thousand failures are a handful of causes: groups first, then one by one. */
export const errors: Screen = {
  path: "errors",
  title: () => "Errors",
  nav: { label: "Errors", key: "f" },
  body: Errors,
};

function Errors() {
  const { run, experiment, stage, code, after } = here.value.query;
  const groups = useLoaded(
    JSON.stringify(["error groups", run, experiment]),
    (signal) => readFailureGroups({ run, experiment }, signal),
  );
  const failures = useLoaded(
    code === undefined
      ? undefined
      : JSON.stringify(["errors", run, stage, code, after]),
    (signal) => readFailures({ run, stage, code, after }, signal),
  );
  return (
    <>
      {run && (
        <p class="actions">
          <a class="button" href={to(["runs", run])}>Run {run}</a>
          <a class="button" href={to(["errors"])}>All runs</a>
        </p>
      )}
      <Waiting loaded={groups}>
        {(rows) => <FailureGroups groups={rows} />}
      </Waiting>
      {code !== undefined && (
        <section aria-label="One by one">
          <h2>
            <VisibleText text={code} />, one by one
          </h2>
          <Waiting loaded={failures}>
            {(rows) => (
              <>
                <Table
                  label="Errors one by one"
                  columns={COLUMNS}
                  rows={rows}
                  rowKey={({ id }) => id}
                  // One of a prompt leads to its answer.
                  href={({ run_id, key, stage }) =>
                    stage === "execute" && key !== null
                      ? to(["runs", run_id, "answers"], { show: "failed" })
                      : to(["runs", run_id])}
                  empty="No errors."
                />
                <PagesByAge rows={rows} size={FAILURES_OF_A_PAGE} />
              </>
            )}
          </Waiting>
        </section>
      )}
    </>
  );
}

const COLUMNS: Column<Failure>[] = [
  column("What was said", "36rem", ({ message }) => message),
  figure("Attempt", "5rem", ({ attempt }) => attempt),
  column(
    "Outcome",
    "7rem",
    ({ final }) => final ? <b class="bad">failed</b> : "tried again",
  ),
  column(
    "Where",
    "18rem",
    ({ path, offset, key }) =>
      path === null
        ? key ?? "–"
        : offset === null
        ? path
        : `${path} at byte ${offset}`,
  ),
  column("Ago", "7rem", ({ created_at }) => <Age at={created_at} />),
];
