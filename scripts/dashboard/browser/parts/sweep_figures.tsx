import { readInterval } from "../../../pipeline/read_interval.ts";
import type { SweepProgress } from "../data/sweeps.ts";
import { Age } from "./age.tsx";
import { Facts } from "./facts.tsx";
import { toDuration, toMoney, toNumber } from "./formats.ts";
import { Progress } from "./progress.tsx";
import { Status } from "./status.tsx";
import { VisibleText } from "./visible_text.tsx";

/** How far a sweep is, what it has spent, and what holds it up. */
export function SweepFigures({ sweep }: { sweep: SweepProgress }) {
  const { id, done, answers, failed, failed_variants, cancelled } = sweep;
  return (
    <section aria-label="Figures">
      {sweep.notice && (
        <p class="notice lines">
          <VisibleText text={sweep.notice} />
        </p>
      )}
      {sweep.error && (
        <p class="problem lines">
          <VisibleText text={sweep.error} />
        </p>
      )}
      <p class="wide">
        <Status status={sweep.status} />{" "}
        <Progress
          done={done}
          total={answers}
          failed={failed}
          label={`Sweep ${id}`}
        />
      </p>
      <Facts
        facts={{
          Name: <VisibleText text={sweep.name} />,
          Variants: [
            `${toNumber(sweep.completed)} of ${toNumber(sweep.variants)} done`,
            failed_variants > 0 && `${toNumber(failed_variants)} failed`,
            cancelled > 0 && `${toNumber(cancelled)} cancelled`,
          ].filter((part) => part !== false).join(", "),
          "Answers to each prompt": sweep.repetitions === 1
            ? undefined
            : toNumber(sweep.repetitions),
          Cost: sweep.max_cost === null
            ? toMoney(sweep.cost || null)
            : `${toMoney(sweep.cost)} of at most ${toMoney(sweep.max_cost)}`,
          Failed: failed === 0 ? "0" : <b class="bad">{toNumber(failed)}</b>,
          "Per second": toNumber(sweep.prompts_per_second),
          "Time left": sweep.status === "running"
            ? toDuration(readInterval(sweep.eta))
            : undefined,
          Tokens: toNumber(sweep.tokens),
          Began: sweep.started_at === null ? "not yet" : (
            <>
              <Age at={sweep.started_at} /> ago
            </>
          ),
          "An endpoint rests until": sweep.rests_until
            ? new Date(sweep.rests_until).toLocaleTimeString()
            : undefined,
          Owner: sweep.owner ?? undefined,
        }}
      />
    </section>
  );
}
