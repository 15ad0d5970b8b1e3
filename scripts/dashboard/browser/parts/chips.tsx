import { here, withQuery } from "../data/here.ts";

/** One choice of several as links, so that each is an address; the first is what holds without a choice. */
export function Chips(
  { label, name, choices, chosen = here.value.query[name] }: {
    label: string;
    /** In the query of the address. */
    name: string;
    /** Value and words; the value of the first is "". */
    choices: readonly (readonly [value: string, words: string])[];
    /** By default what the address says. */
    chosen?: string;
  },
) {
  return (
    <nav class="chips" aria-label={label}>
      <span class="label" aria-hidden="true">{label}</span>
      {choices.map(([value, words]) => (
        <a
          key={value}
          class="chip"
          href={withQuery({ [name]: value, after: undefined, at: undefined })}
          aria-current={(chosen ?? "") === value ? "true" : undefined}
        >
          {words}
        </a>
      ))}
    </nav>
  );
}
