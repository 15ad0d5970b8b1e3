import { to } from "../data/here.ts";
import type { WholeRun } from "../data/runs.ts";
import { Ago, Clock } from "./age.tsx";
import { toNumber } from "./formats.ts";
import { UnderwayFigures } from "./underway_figures.tsx";

/** How far a run is and what it has cost. */
export function RunFigures({ run }: { run: WholeRun }) {
  const { prompts, sweep_id, cached, judge_errors, concurrency } = run;
  return (
    <UnderwayFigures
      kind="Run"
      of={run}
      first={{
        Experiment: run.experiment_name,
        Sweep: sweep_id && <a href={to(["sweeps", sweep_id])}>{sweep_id}</a>,
        Model: run.model,
        Endpoint: run.endpoint,
        Source: run.source_type,
        Prompts: run.answers !== prompts && toNumber(prompts),
        Answered: toNumber(run.succeeded),
      }}
      last={{
        Ended: run.finished_at && <Ago at={run.finished_at} />,
        "From the cache": cached > 0 && toNumber(cached),
        "Errors of judges": judge_errors > 0 && (
          <b class="bad">{toNumber(judge_errors)}</b>
        ),
        "Calls at once": concurrency !== null && toNumber(concurrency),
        "Endpoint rests until": run.rests_until && (
          <Clock at={run.rests_until} />
        ),
        Tags: run.tags.join(", "),
      }}
    />
  );
}
