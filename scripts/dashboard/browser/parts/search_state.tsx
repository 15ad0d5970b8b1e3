import type { Answers } from "../data/use_answers.ts";
import { toNumber } from "./formats.ts";

/** How far a search is; it can be stopped. */
export function SearchState(
  { answers: { window, problem, searched, stop, reload }, done }: {
    answers: Answers;
    /** How many answers there are. */
    done: number;
  },
) {
  return (
    <p
      class="state"
      role="status"
      aria-busy={searched === undefined && window === undefined && !problem}
    >
      {problem && (
        <span class="problem">
          {problem} <button type="button" onClick={reload}>Try again</button>
        </span>
      )}
      {searched === undefined
        ? window === undefined && !problem && "Loading …"
        : (
          <>
            Searched {toNumber(searched)} of {toNumber(done)}{" "}
            <button type="button" onClick={stop}>Stop</button>
          </>
        )}
    </p>
  );
}
