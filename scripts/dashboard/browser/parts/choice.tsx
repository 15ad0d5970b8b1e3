import { go, here, withQuery } from "../data/here.ts";
import { toVisible } from "../../../pipeline/visible_text.ts";

/** One of many values as a list; nothing where there is no choice. */
export function Choice(
  { label, name, values = [] }: {
    label: string;
    /** In the query of the address. */
    name: string;
    values?: string[];
  },
) {
  const { [name]: chosen = "" } = here.value.query;
  const all = chosen === "" || values.includes(chosen)
    ? values
    : [chosen, ...values];
  if (all.length === 0) return null;
  return (
    <label>
      <span class="label">{label}</span>{" "}
      <select
        value={chosen}
        onChange={({ currentTarget }) =>
          go(
            withQuery({
              [name]: currentTarget.value,
              at: undefined,
              row: undefined,
            }),
          )}
      >
        <option value="">any</option>
        {all.map((value) => (
          <option key={value} value={value}>{toVisible(value)}</option>
        ))}
      </select>
    </label>
  );
}
