import {
  type CorrectedRate,
  type Labelled,
  readCorrectedRates,
} from "../data/agreement.ts";
import { useLoaded } from "../data/use_loaded.ts";
import { toNumber, toPercent } from "./formats.ts";
import { VisibleText } from "./visible_text.tsx";
import { Waiting } from "./waiting.tsx";

/** The pass rate that the judge gives, and the one that labels make of it, or why they make none. */
export function CorrectedRates(
  { labelled, experiment }: { labelled: Labelled; experiment: string },
) {
  const rates = useLoaded(
    JSON.stringify(["corrected rates", labelled, experiment]),
    (signal) => readCorrectedRates(labelled, experiment, signal),
  );
  return (
    <section aria-label="Pass rate">
      <h2>Pass rate</h2>
      <Waiting loaded={rates}>
        {(rates) => (
          <ul class="reasons">
            {rates.map((rate) => (
              <li key={rate.model}>
                {rates.length > 1 && (
                  <>
                    <VisibleText text={rate.model ?? "no model"} />
                    {": "}
                  </>
                )}
                <RateWords rate={rate} />
              </li>
            ))}
          </ul>
        )}
      </Waiting>
    </section>
  );
}

/** One rate in words. */
export function RateWords({ rate }: { rate: CorrectedRate }) {
  const { pass_rate, corrected_rate, corrected_low, corrected_high } = rate;
  return (
    <>
      The judge passes {toPercent(pass_rate)}. {corrected_rate !== null
        ? (
          <>
            By {toNumber(rate.labelled)} labelled answers it is{" "}
            <b>{toPercent(corrected_rate)}</b>, with 95 % certainty between{" "}
            {toPercent(corrected_low)} and {toPercent(corrected_high)}.
          </>
        )
        : (
          <>
            It is not corrected:{" "}
            <VisibleText text={rate.uncorrected_because ?? "no labels"} />
          </>
        )}
    </>
  );
}
