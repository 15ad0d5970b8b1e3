import { toAnswers } from "../data/answer_place.ts";
import {
  type Comparison,
  readComparison,
  type Sides,
} from "../data/comparison.ts";
import { here, to } from "../data/here.ts";
import { project } from "../data/project.ts";
import { useLoaded } from "../data/use_loaded.ts";
import { ComparisonTable } from "../parts/comparison_table.tsx";
import { LabelLink } from "../parts/label_link.tsx";
import { Pairs } from "../parts/pairs.tsx";
import { SaveFile } from "../parts/save_file.tsx";
import { VisibleText } from "../parts/visible_text.tsx";
import { Waiting } from "../parts/waiting.tsx";
import type { Screen } from "../screen.ts";

/** Two experiments, prompt by prompt: what became better and worse, and how sure that is. */
export const compare: Screen = {
  path: "compare",
  title: () => "Compare",
  nav: { label: "Compare", key: "c" },
  body: Compare,
};

function Compare() {
  const { query } = here.value;
  const { baseline, candidate } = query;
  return baseline === undefined || candidate === undefined
    ? (
      <p class="empty">
        Two experiments are compared: tick them under{" "}
        <a href={to(["experiments"])}>Experiments</a>.
      </p>
    )
    : (
      <BothSides
        sides={{ baseline, candidate, owner: query.owner ?? null }}
      />
    );
}

function BothSides(
  { sides }: { sides: Sides },
) {
  const { query } = here.value;
  const loaded = useLoaded(
    JSON.stringify(["compare", sides]),
    (signal) => readComparison(sides, signal),
  );
  const { owner } = sides;
  const by = query.by ?? (loaded.value && chooseEvaluator(loaded.value));
  return (
    <>
      <p class="actions">
        <span>
          <Experiment name={sides.candidate} owner={owner} />{" "}
          (<Errors of={sides.candidate} />) now, against{" "}
          <Experiment name={sides.baseline} owner={owner} />{" "}
          (<Errors of={sides.baseline} />) before
        </span>{" "}
        {project().home.kind !== "file" && (
          <a
            class="button"
            href={to(["compare"], {
              baseline: sides.candidate,
              candidate: sides.baseline,
              owner: query.owner,
            })}
          >
            The other way round
          </a>
        )}{" "}
        <LabelLink
          query={{
            kind: "pair",
            experiment: sides.candidate,
            against: sides.baseline,
            owner: query.owner,
          }}
          words="Have people choose the better"
        />
        <SaveFile sides={sides} />
      </p>
      <Waiting loaded={loaded}>
        {(rows) => <ComparisonTable rows={rows} chosen={by} />}
      </Waiting>
      {loaded.value && (
        <Pairs
          sides={sides}
          evaluator={by === "success" ? undefined : by}
        />
      )}
    </>
  );
}

/** Leads to its answers; a file holds only those of the comparison. */
function Experiment({ name, owner }: { name: string; owner: string | null }) {
  return project().home.kind === "file"
    ? <VisibleText text={name} />
    : (
      <a href={toAnswers(name, { owner })}>
        <VisibleText text={name} />
      </a>
    );
}

function Errors({ of: experiment }: { of: string }) {
  return (
    <a
      href={to(["errors"], { experiment })}
      aria-label={`errors of ${experiment}`}
    >
      errors
    </a>
  );
}

/** The first that says something for sure, else the first. */
function chooseEvaluator(rows: Comparison[]): string | undefined {
  const sure = rows.find(({ difference_low: low, difference_high: high }) =>
    (low ?? 0) > 0 || (high ?? 0) < 0
  );
  return (sure ?? rows[1] ?? rows[0])?.compared;
}
