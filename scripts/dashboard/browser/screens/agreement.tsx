import { here } from "../data/here.ts";
import type { Agreement } from "../data/agreement_answer.ts";
import { type Labelled, readAgreement } from "../data/agreement.ts";
import { readExperimentScores } from "../data/experiments.ts";
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
  const scores = useLoaded("experiment scores", readExperimentScores);
  const queues = useLoaded("label queues", readLabelQueues);
  const namesOf = (names?: string[]) => [...new Set(names)];
  return (
    <div class="fields">
      <Field
        name="evaluator"
        label="Evaluator"
        suggestions={namesOf(scores.value?.map(({ evaluator }) => evaluator))}
      />
      <Field
        name="label"
        label="Name of the labels"
        placeholder="quality"
        suggestions={namesOf(queues.value?.map((queue) => queue.label_name))}
      />
      <Field
        name="experiment"
        label="Experiment"
        placeholder="all"
        suggestions={namesOf(
          scores.value?.map(({ experiment_name }) => experiment_name),
        )}
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
