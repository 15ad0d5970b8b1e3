import { mayCompare, toAgreement } from "../data/agreement.ts";
import { mayChange } from "../data/grader.ts";
import { to } from "../data/here.ts";
import type { LabelQueue } from "../data/label_queue_answer.ts";
import { leftOf, readLabelQueues } from "../data/label_queues.ts";
import { KINDS } from "../data/queue_draft.ts";
import { useLoaded } from "../data/use_loaded.ts";
import { Age } from "../parts/age.tsx";
import { toNumber } from "../parts/formats.ts";
import { Progress } from "../parts/progress.tsx";
import { type Column, column, figure, Table } from "../parts/table.tsx";
import { VisibleText } from "../parts/visible_text.tsx";
import { Waiting } from "../parts/waiting.tsx";
import type { Screen } from "../screen.ts";

const AGAIN_MS = 10_000;

/** What is queued for whoever looks: answers that people label. */
export const labels: Screen = {
  path: "labels",
  title: () => "Labels",
  nav: { label: "Labels", key: "l" },
  body: Labels,
};

function Labels() {
  const queues = useLoaded("label queues", readLabelQueues, () => AGAIN_MS);
  return (
    <>
      {mayChange(null) && (
        <p class="actions">
          <a class="button primary" href={to(["labels", "new"])}>New queue</a>
          <a class="button" href={to(["agreement"])}>Agreement</a>
        </p>
      )}
      <Waiting loaded={queues}>
        {(rows) => (
          <Table
            label="Label queues"
            columns={rows.some(mayCompare)
              ? [...COLUMNS, ...OWNER_COLUMNS]
              : COLUMNS}
            rows={rows}
            rowKey={({ id }) => id}
            href={({ id }) => to(["labels", id])}
            empty="Nothing is queued for you."
          />
        )}
      </Waiting>
    </>
  );
}

const COLUMNS: Column<LabelQueue>[] = [
  column("Queue", "13rem", ({ name }) => name),
  figure(
    "Left for you",
    "7rem",
    (queue) => queue.closed_at === null ? toNumber(leftOf(queue)) : "closed",
  ),
  column("Labelled by you", "12rem", (queue) => (
    <Progress
      done={queue.mine}
      total={queue.mine + leftOf(queue)}
      label={`Labelled by you in ${queue.name}`}
    />
  )),
  column(
    "Finished in all",
    "12rem",
    ({ finished, items, name }) => (
      <Progress done={finished} total={items} label={`Finished in ${name}`} />
    ),
  ),
  column(
    "Asks",
    "14rem",
    ({ kind }) =>
      KINDS.find(([known]) => known === (kind === "pass" ? "" : kind))?.[1],
  ),
  column("Label", "8rem", ({ label_name }) => label_name),
  figure("People each", "7rem", ({ people }) => toNumber(people)),
  column("Age", "6rem", ({ created_at }) => <Age at={created_at} />),
];

const OWNER_COLUMNS: Column<LabelQueue>[] = [
  column("Experiment", "14rem", ({ experiment_name, against }) => (
    <>
      <VisibleText text={experiment_name ?? "–"} />
      {against !== null && (
        <>
          {" against "}
          <VisibleText text={against} />
        </>
      )}
    </>
  )),
  column("Agreement", "7rem", (queue) =>
    mayCompare(queue) && (
      <a
        class="chip"
        href={toAgreement(queue)}
        aria-label={`open the agreement of ${queue.name}`}
      >
        open
      </a>
    )),
];
