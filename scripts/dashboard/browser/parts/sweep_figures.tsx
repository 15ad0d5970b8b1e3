import type { SweepProgress } from "../data/sweeps.ts";
import { Clock } from "./age.tsx";
import { toNumber } from "./formats.ts";
import { UnderwayFigures } from "./underway_figures.tsx";

/** How far a sweep is, what it has spent, and what holds it up. */
export function SweepFigures({ sweep }: { sweep: SweepProgress }) {
  const { failed_variants, cancelled, repetitions } = sweep;
  return (
    <UnderwayFigures
      kind="Sweep"
      of={sweep}
      problem={sweep.error}
      first={{
        Name: sweep.name,
        Variants: [
          `${toNumber(sweep.completed)} of ${toNumber(sweep.variants)} done`,
          failed_variants > 0 && `${toNumber(failed_variants)} failed`,
          cancelled > 0 && `${toNumber(cancelled)} cancelled`,
        ].filter(Boolean).join(", "),
        "Answers to each prompt": repetitions > 1 && toNumber(repetitions),
      }}
      last={{
        "An endpoint rests until": sweep.rests_until && (
          <Clock at={sweep.rests_until} />
        ),
      }}
    />
  );
}
