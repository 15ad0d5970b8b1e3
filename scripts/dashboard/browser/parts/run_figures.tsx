import { readInterval } from "../../../pipeline/read_interval.ts";
import { to } from "../data/here.ts";
import type { WholeRun } from "../data/runs.ts";
import { Age } from "./age.tsx";
import { Facts } from "./facts.tsx";
import { toDuration, toMoney, toNumber } from "./formats.ts";
import { Progress } from "./progress.tsx";
import { Status } from "./status.tsx";
import { VisibleText } from "./visible_text.tsx";

/** How far a run is and what it has cost. */
export function RunFigures({ run }: { run: WholeRun }) {
  const { id, done, prompts, failed, max_cost } = run;
  return (
    <section aria-label="Figures">
      {run.notice && <p class="notice">{run.notice}</p>}
      <p class="wide">
        <Status status={run.status} />{" "}
        <Progress
          done={done}
          total={prompts}
          failed={failed}
          label={`Run ${id}`}
        />
      </p>
      <Facts
        facts={{
          Experiment: <VisibleText text={run.experiment_name} />,
          Sweep: run.sweep_id === null
            ? undefined
            : <a href={to(["sweeps", run.sweep_id])}>{run.sweep_id}</a>,
          Model: run.model ? <VisibleText text={run.model} /> : undefined,
          Endpoint: run.endpoint
            ? <VisibleText text={run.endpoint} />
            : undefined,
          Source: run.source_type ?? undefined,
          Answered: toNumber(run.succeeded),
          Failed: failed === 0 ? "0" : <b class="bad">{toNumber(failed)}</b>,
          "From the cache": run.cached === 0 ? undefined : toNumber(run.cached),
          "Errors of judges": run.judge_errors === 0
            ? undefined
            : <b class="bad">{toNumber(run.judge_errors)}</b>,
          "Per second": toNumber(run.prompts_per_second),
          "Time left": run.status === "running"
            ? toDuration(readInterval(run.eta))
            : undefined,
          "Calls at once": run.concurrency === null
            ? undefined
            : toNumber(run.concurrency),
          Tokens: toNumber(run.tokens),
          Cost: max_cost === null
            ? toMoney(run.cost || null)
            : `${toMoney(run.cost)} of at most ${toMoney(max_cost)}`,
          Began: <Ago at={run.started_at} />,
          Ended: run.finished_at ? <Ago at={run.finished_at} /> : undefined,
          "Endpoint rests until": run.rests_until
            ? new Date(run.rests_until).toLocaleTimeString()
            : undefined,
          Tags: run.tags.length > 0
            ? <VisibleText text={run.tags.join(", ")} />
            : undefined,
          Owner: run.owner ?? undefined,
        }}
      />
    </section>
  );
}

function Ago({ at }: { at: string | null }) {
  return at
    ? (
      <>
        <Age at={at} /> ago
      </>
    )
    : <>not yet</>;
}
