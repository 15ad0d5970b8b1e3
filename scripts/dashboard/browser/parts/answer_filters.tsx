import { SHOW_CHOICES, SORT_CHOICES } from "../data/answer_query.ts";
import type { Facets } from "../data/answers.ts";
import { go, here, withQuery } from "../data/here.ts";
import { Chips } from "./chips.tsx";
import { Choice } from "./choice.tsx";
import { toScore } from "./formats.ts";

/** What of the answers is shown; each choice is a part of the address. */
export function AnswerFilters(
  { facets }: { facets?: Facets },
) {
  const { query } = here.value;
  const { min, max } = query;
  return (
    <div class="filters">
      <Chips
        label="Show"
        name="show"
        choices={SHOW_CHOICES}
      />
      <Chips
        label="Order"
        name="sort"
        choices={SORT_CHOICES.filter(([value]) =>
          value !== "worst" || (facets?.evaluators.length ?? 0) > 0
        )}
      />
      <form
        class="chips"
        role="search"
        onSubmit={(event) => {
          event.preventDefault();
          const text = new FormData(event.currentTarget).get("text");
          go(withQuery({ text: String(text), at: undefined, row: undefined }));
        }}
      >
        <label>
          <span class="label">Find</span>{" "}
          <input
            key={query.text}
            type="search"
            name="text"
            defaultValue={query.text}
            data-key="/"
            aria-label="Find in prompts and answers"
          />
        </label>
        <Choice
          label="Evaluator"
          name="evaluator"
          values={facets?.evaluators}
        />
        <Choice
          label="Model"
          name="model"
          values={facets?.models}
        />
        {(facets?.results_tables.length ?? 0) > 1 && (
          <Choice
            label="Table"
            name="table"
            values={facets?.results_tables}
          />
        )}
        {(min ?? max) !== undefined && (
          <a
            class="chip"
            href={withQuery({ min: undefined, max: undefined, at: undefined })}
          >
            score {toScore(Number(min ?? 0))} to {toScore(Number(max ?? 1))} ✕
          </a>
        )}
      </form>
    </div>
  );
}
