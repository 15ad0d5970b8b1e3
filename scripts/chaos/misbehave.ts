import { FAULT_CASES } from "../../supabase/functions/_shared/model/testing/fault_outcomes.ts";
import type { Fault } from "../local/model_simulator/faults.ts";

type FaultRates = Partial<Record<Fault, number>>;

/** A phase in which the model is worse than on other days. */
export interface Incident {
  kind: "storm" | "lockout";
  rates: FaultRates;
  retryAfter: string;
  /** Milliseconds from the end of the one before. */
  afterMs: number;
  forMs: number;
}

const faultsOf = (...classes: string[]) =>
  FAULT_CASES.filter(({ outcome }) => classes.includes(outcome.split(" ")[0]))
    .map(({ fault }) => fault as Fault);

/** One call in ten meets a fault, each kind of them as often as any other. */
export const EVERYDAY_RATES: FaultRates = share(
  0.1,
  faultsOf("transient", "permanent", "answer"),
);

/** Nearly nine calls in ten are too many. Not for longer: an endpoint that always says so is called slowly. */
const STORM_RATES: FaultRates = {
  ...share(0.2, faultsOf("rate")),
  "429": 0.7,
};

/** One call in five is refused as if by a bad key or an empty account: runs are paused. */
const LOCKOUT_RATES: FaultRates = share(0.2, faultsOf("stop"));

/**
 * Draws what the model does next: mostly a storm of 429s with Retry-After and of
 * the other ways to say it, else a lockout.
 *
 * @param random numbers in [0, 1)
 */
export function drawIncident(random: () => number): Incident {
  const kind = random() < 0.7 ? "storm" : "lockout";
  return {
    kind,
    rates: kind === "storm" ? STORM_RATES : LOCKOUT_RATES,
    retryAfter: random() < 0.5 ? "1" : "2",
    afterMs: 4_000 + 6_000 * random(),
    forMs: 1_000 + 1_000 * random(),
  };
}

function share(total: number, faults: Fault[]): FaultRates {
  return Object.fromEntries(
    faults.map((fault) => [fault, total / faults.length]),
  );
}
