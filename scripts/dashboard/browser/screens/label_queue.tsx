import { useEffect, useMemo } from "preact/hooks";
import { mayCompare, toAgreement } from "../data/agreement.ts";
import { mayLabel } from "../data/grader.ts";
import { go, here, to } from "../data/here.ts";
import type {
  LabelItem,
  LabelProgress,
  LabelQueue,
} from "../data/label_queue_answer.ts";
import { labelCallsOf, leftOf, readLabelQueues } from "../data/label_queues.ts";
import { createLabelling, type Labelling } from "../data/labelling.ts";
import { useLoaded } from "../data/use_loaded.ts";
import { toNumber } from "../parts/formats.ts";
import { KeyedButton } from "../parts/keyed_button.tsx";
import { LabelItemTexts } from "../parts/label_item.tsx";
import { LabelVerdict } from "../parts/label_verdict.tsx";
import { Progress } from "../parts/progress.tsx";
import { Prose } from "../parts/prose.tsx";
import { QueueSteering } from "../parts/queue_steering.tsx";
import { Switch } from "../parts/switch.tsx";
import { VisibleText } from "../parts/visible_text.tsx";
import { Waiting } from "../parts/waiting.tsx";
import type { Screen } from "../screen.ts";

/** One answer after the other is labelled, by keyboard. */
export const labelQueue: Screen = {
  path: "labels/:queue",
  title: ({ queue }) => `Label queue ${queue}`,
  body: ({ values: { queue } }) => <OneQueue id={Number(queue)} />,
};

function OneQueue({ id }: { id: number }) {
  const loaded = useLoaded("label queues", readLabelQueues);
  if (!mayLabel()) {
    return (
      <p class="notice">
        This dashboard only reads: labels are given where it may write.
      </p>
    );
  }
  return (
    <Waiting loaded={loaded}>
      {(queues) => {
        const queue = queues.find((queue) => queue.id === id);
        return queue
          ? <Labels queue={queue} changed={loaded.reload} />
          : <p class="empty">There is no such queue for you.</p>;
      }}
    </Waiting>
  );
}

function Labels({ queue, changed }: {
  queue: LabelQueue;
  /** The queue was closed. */
  changed: () => void;
}) {
  const { query } = here.value;
  const labelling = useMemo(
    () => createLabelling(labelCallsOf(queue.id)),
    [queue.id],
  );
  useEffect(() => {
    labelling.take();
  }, [labelling]);
  const { item, progress = queue, problem, isBusy, news } =
    labelling.turn.value;
  const isFirst = progress.mine + progress.skipped === 0;
  return (
    <div class="labelling">
      <div class="wide">
        <h2>
          <VisibleText text={queue.name} />
        </h2>
        <Progress
          done={progress.mine}
          total={progress.mine + leftOf(progress)}
          label="Labelled by you"
        />
        <span class="hint">{describeProgress(progress, queue)}</span>
      </div>
      {queue.instructions !== "" && (
        // Whoever begins reads them; later they are a key away.
        <details class="instructions" open={isFirst}>
          <summary data-key="i">Instructions</summary>
          <Prose text={queue.instructions} asMarkdown />
        </details>
      )}
      <p class="actions">
        <KeyedButton
          words="Undo"
          letter="u"
          isDisabled={isFirst}
          act={() => labelling.undo()}
        />
        <Switch words="Markdown" letter="m" name="markdown" />
        <a class="button" href={to(["labels"])}>All queues</a>
        <QueueSteering
          queue={queue}
          changed={changed}
          deleted={() => go(to(["labels"]))}
        />
      </p>
      <p class="state" role="status">
        <VisibleText text={news} />
      </p>
      {problem && (
        <p class="problem" role="alert">
          <VisibleText text={problem} /> {item === undefined && (
            <button
              type="button"
              onClick={() => labelling.take()}
            >
              Try again
            </button>
          )}
        </p>
      )}
      {item === undefined && isBusy && (
        <p class="hint" aria-busy="true">Loading …</p>
      )}
      {item && (
        <Item
          key={item.id}
          queue={queue}
          item={item}
          labelling={labelling}
          asMarkdown={query.markdown === "1"}
        />
      )}
      {item === null && (
        <End queue={queue} progress={progress} labelling={labelling} />
      )}
    </div>
  );
}

function Item({ queue, item, labelling, asMarkdown }: {
  queue: LabelQueue;
  item: LabelItem;
  labelling: Labelling;
  asMarkdown: boolean;
}) {
  useEffect(() => scrollTo(0, 0), []);
  return (
    <article aria-label={`Item ${item.id}`}>
      <LabelItemTexts item={item} asMarkdown={asMarkdown} />
      <LabelVerdict queue={queue} item={item} labelling={labelling} />
    </article>
  );
}

/** Why nothing is shown, and what can be done. */
function End({ queue, progress: { held }, labelling }: {
  queue: LabelQueue;
  progress: LabelProgress;
  labelling: Labelling;
}) {
  return (
    <>
      <p class="empty">
        {queue.closed_at !== null
          ? "This queue is closed."
          : "Nothing is left for you."} {held > 0 &&
          `Others have ${
            toNumber(held)
          } before them; what they leave comes to you.`}
      </p>
      <p class="actions">
        <button type="button" onClick={() => labelling.take()}>
          Look again
        </button>
        {mayCompare(queue) && (
          <a class="button" href={toAgreement(queue)}>Agreement</a>
        )}
      </p>
    </>
  );
}

function describeProgress(
  { items, finished, skipped }: LabelProgress,
  { people }: LabelQueue,
): string {
  return [
    skipped > 0 && `${toNumber(skipped)} skipped`,
    `${toNumber(finished)} of ${toNumber(items)} finished in all`,
    people > 1 && `${toNumber(people)} people each`,
  ].filter((part) => part !== false).join(", ");
}
