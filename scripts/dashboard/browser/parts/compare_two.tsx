import type { Experiment } from "../data/experiments.ts";
import { go, here, to, withQuery } from "../data/here.ts";
import { VisibleText } from "./visible_text.tsx";

/** Ticks an experiment for a comparison: the first ticked is the baseline. */
export function Tick({ experiment }: {
  experiment: Pick<Experiment, "experiment_name" | "owner">;
}) {
  const { query } = here.value;
  const { experiment_name: name, owner } = experiment;
  const { baseline, candidate } = query;
  const isSameOwner = (query.owner ?? null) === owner;
  const role = !isSameOwner
    ? undefined
    : name === baseline
    ? "baseline"
    : name === candidate
    ? "candidate"
    : undefined;
  function change(): void {
    if (role !== undefined) go(withQuery({ [role]: undefined }));
    else if (baseline === undefined || !isSameOwner) {
      go(withQuery({
        baseline: name,
        candidate: isSameOwner ? candidate : undefined,
        owner,
      }));
    } else go(withQuery({ candidate: name }));
  }
  return (
    <label class="tick">
      <input
        type="checkbox"
        checked={role !== undefined}
        data-key="x"
        onChange={change}
        aria-label={`Compare ${name}`}
      />{" "}
      {role === "baseline" ? "before" : role === "candidate" ? "now" : ""}
    </label>
  );
}

/** What is ticked, and the way to the comparison. */
export function CompareTwo() {
  const { baseline, candidate, owner } = here.value.query;
  return (
    <p class="actions">
      {baseline !== undefined && candidate !== undefined
        ? (
          <a
            class="button primary"
            href={to(["compare"], { baseline, candidate, owner })}
            data-key="c"
          >
            Compare <VisibleText text={candidate} /> with{" "}
            <VisibleText text={baseline} />
          </a>
        )
        : (
          <span class="hint">
            Tick two to compare them: first what was before, then what is now.
          </span>
        )}
    </p>
  );
}
