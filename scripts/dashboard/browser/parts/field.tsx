import { createContext } from "preact";
import { useContext, useEffect, useId, useState } from "preact/hooks";
import { toVisible } from "../../../pipeline/visible_text.ts";
import { go, here, withQuery } from "../data/here.ts";
import type { Refusal } from "../data/refusal.ts";
import { VisibleText } from "./visible_text.tsx";

/** Why what is written on a page is refused. */
export const RefusalOfPage = createContext<Refusal | undefined>(undefined);

/** A field of the address, by its name in the query; it tells why it is refused. */
export function Field(
  { name, ...props }:
    & { name: string }
    & Omit<FieldProps, "value" | "commit" | "problem">,
) {
  const refusal = useContext(RefusalOfPage);
  return (
    <FreeField
      {...props}
      value={here.value.query[name] ?? ""}
      commit={commitTo(name)}
      problem={refusal?.field === name ? refusal.words : undefined}
    />
  );
}

/** Writes a value into the query of the address; what was counted is no longer true then. */
export function commitTo(name: string) {
  return (value: string) =>
    go(withQuery({ [name]: value, dry: undefined }), { replace: true });
}

/** Why what stands beside it is refused; nothing where it is about something else. */
export function Refused({ fields }: {
  /** Undefined among them: what one cannot tell the field of. */
  fields: (string | undefined)[];
}) {
  const refusal = useContext(RefusalOfPage);
  if (!refusal || !fields.includes(refusal.field)) return null;
  return (
    <p class="problem refused" role="alert" tabIndex={-1}>
      <VisibleText text={refusal.words} />
    </p>
  );
}

/** One thing that can be written or chosen. */
export interface FieldProps {
  label: string;
  value: string;
  /** Called when the field is left, and with each choice; "" takes the value away. */
  commit(value: string): void;
  kind?: "text" | "number" | "date" | "lines" | "switch";
  /** Value and words of what can be chosen, and nothing else. */
  choices?: readonly (readonly [value: string, words: string])[];
  /** What is known, beside which anything can be written. */
  suggestions?: string[];
  placeholder?: string;
  hint?: string;
  /** Why the project refuses it. */
  problem?: string;
}

/**
 * A field with its label, of no address. It is told when it is left and not with each letter: Safari refuses to write
 * an address more than a hundred times in ten seconds (https://github.com/inertiajs/inertia/issues/1812).
 */
export function FreeField(
  { label, value, commit, kind = "text", choices, suggestions, ...props }:
    FieldProps,
) {
  const { placeholder, hint, problem } = props;
  const id = useId();
  const [typed, setTyped] = useState(value);
  useEffect(() => setTyped(value), [value]);
  const said = problem !== undefined || hint !== undefined;
  const told = {
    id,
    "aria-invalid": problem !== undefined ? true : undefined,
    "aria-describedby": said ? `${id}-said` : undefined,
  };
  const written = {
    ...told,
    value: typed,
    placeholder,
    onInput: ({ currentTarget }: { currentTarget: { value: string } }) =>
      setTyped(currentTarget.value),
    onChange: ({ currentTarget }: { currentTarget: { value: string } }) =>
      commit(currentTarget.value),
  };
  return (
    <div class={`field ${kind}`}>
      <label for={id}>{label}</label>
      {choices
        ? (
          <select
            {...told}
            value={value}
            onChange={({ currentTarget }) => commit(currentTarget.value)}
          >
            {withChosen(choices, value).map(([value, words]) => (
              <option key={value} value={value}>{toVisible(words)}</option>
            ))}
          </select>
        )
        : kind === "switch"
        ? (
          <input
            {...told}
            type="checkbox"
            checked={value !== ""}
            onChange={({ currentTarget }) =>
              commit(currentTarget.checked ? "1" : "")}
          />
        )
        : kind === "lines"
        ? <textarea {...written} rows={4} />
        : (
          <input
            {...written}
            type={kind === "number" ? "text" : kind}
            // A field of numbers gives "" for "5e", as if there were no limit
            // (https://html.spec.whatwg.org/multipage/input.html#number-state-(type=number)).
            inputMode={kind === "number" ? "decimal" : undefined}
            list={suggestions && `${id}-known`}
          />
        )}
      {suggestions && (
        <datalist id={`${id}-known`}>
          {suggestions.map((known) => <option key={known} value={known} />)}
        </datalist>
      )}
      {said && (
        <span id={`${id}-said`} class={problem ? "problem" : "hint"}>
          {problem ? toVisible(problem) : hint}
        </span>
      )}
    </div>
  );
}

/** What an address chose may be unknown: it is shown, and the project says what it thinks of it. */
function withChosen(
  choices: readonly (readonly [string, string])[],
  value: string,
): readonly (readonly [string, string])[] {
  return choices.some(([known]) => known === value)
    ? choices
    : [[value, value], ...choices];
}
