import { here } from "../data/here.ts";
import type { Agreement } from "../data/agreement_answer.ts";
import { type Labelled, readAgreement } from "../data/agreement.ts";
import {
  namesOf,
  readExperimentNames,
  readExperimentScores,
} from "../data/experiments.ts";
import { readLabelQueues } from "../data/label_queues.ts";
import { useLoaded } from "../data/use_loaded.ts";
import { AgreementFigures } from "../parts/agreement_figures.tsx";
import { CorrectedRates } from "../parts/corrected_rates.tsx";
import { CorrectedSet } from "../parts/corrected_set.tsx";
import { Disagreements } from "../parts/disagreements.tsx";
import { Field } from "../parts/field.tsx";
import { Waiting } from "../parts/waiting.tsx";
import type { Screen } from "../screen.ts";

/** How far people and a judge agree, where they do not, and what the pass rate is then. */
export const agreement: Screen = {
  path: "agreement",
  title: () => "Agreement",
  body: AgreementOf,
};

function AgreementOf() {
  const { evaluator, label = "quality", experiment, owner } = here.value.query;
  const labelled: Labelled = {
    evaluator: evaluator ?? "",
    label_name: label,
    experiment: experiment ?? null,
    owner: owner ?? null,
  };
  const loaded = useLoaded(
    evaluator && JSON.stringify(["agreement", labelled]),
    (signal) => readAgreement(labelled, signal),
  );
  return (
    <>
      <WhatIsCompared />
      {evaluator
        ? (
          <Waiting loaded={loaded}>
            {(agreement) => (
              <KnownAgreement
                agreement={agreement}
                labelled={labelled}
              />
            )}
          </Waiting>
        )
        : (
          <p class="empty">
            Choose the evaluator that people are compared with.
          </p>
        )}
      {experiment && <CorrectedSet labelled={labelled} />}
    </>
  );
}

function WhatIsCompared() {
  const names = useLoaded("experiment names", readExperimentNames);
  const queues = useLoaded("label queues", readLabelQueues);
  const { query } = here.value;
  // What scored the newest experiment stands for all, until one is chosen.
  const of = query.experiment
    ? { experiment_name: query.experiment, owner: query.owner ?? null }
    : names.value?.[0];
  const scores = useLoaded(
    of && JSON.stringify(["scores", [of]]),
    (signal) => readExperimentScores([of!], signal),
  );
  return (
    <div class="fields">
      <Field
        name="evaluator"
        label="Evaluator"
        suggestions={[
          ...new Set(scores.value?.map(({ evaluator }) => evaluator)),
        ]}
      />
      <Field
        name="label"
        label="Name of the labels"
        placeholder="quality"
        suggestions={[
          ...new Set(queues.value?.map((queue) => queue.label_name)),
        ]}
      />
      <Field
        name="experiment"
        label="Experiment"
        placeholder="all"
        suggestions={namesOf(names.value ?? [])}
      />
    </div>
  );
}

function KnownAgreement({ agreement, labelled }: {
  agreement: Agreement;
  labelled: Labelled;
}) {
  return (
    <>
      <AgreementFigures agreement={agreement} />
      {labelled.experiment !== null && (
        <CorrectedRates labelled={labelled} experiment={labelled.experiment} />
      )}
      <Disagreements
        agreement={agreement}
        owner={labelled.owner}
      />
    </>
  );
}
