import type { ComponentChildren } from "preact";
import { readInterval } from "../../../pipeline/read_interval.ts";
import type { WholeUnderway } from "../data/runs.ts";
import { Ago } from "./age.tsx";
import { Facts } from "./facts.tsx";
import { toDuration, toNumber, toSpent } from "./formats.ts";
import { Notice } from "./notice.tsx";
import { Progress } from "./progress.tsx";
import { Status } from "./status.tsx";

type Known = Record<string, ComponentChildren>;

/** How far a run or a sweep is, what it has spent and what holds it up, between facts of its own. */
export function UnderwayFigures({ kind, of, problem, first, last }: {
  kind: "Run" | "Sweep";
  of: WholeUnderway;
  problem?: string | null;
  first: Known;
  last: Known;
}) {
  const { id, status, done, answers, failed } = of;
  return (
    <section aria-label="Figures">
      <Notice text={of.notice} />
      <Notice kind="problem" text={problem} />
      <p class="wide">
        <Status status={status} />{" "}
        <Progress
          done={done}
          total={answers}
          failed={failed}
          label={`${kind} ${id}`}
        />
      </p>
      <Facts
        facts={{
          ...first,
          Failed: failed === 0 ? "0" : <b class="bad">{toNumber(failed)}</b>,
          "Per second": toNumber(of.prompts_per_second),
          "Time left": status === "running" &&
            toDuration(readInterval(of.eta)),
          Tokens: toNumber(of.tokens),
          Cost: toSpent(of.cost || null, of.max_cost),
          Began: <Ago at={of.started_at} />,
          ...last,
          Owner: of.owner,
        }}
      />
    </section>
  );
}
