import { here, withQuery } from "../data/here.ts";

/** Something that is on or off, kept in the address. */
export function Switch(
  { words, letter, name, value = "1" }: {
    words: string;
    letter: string;
    /** In the query of the address. */
    name: string;
    value?: string;
  },
) {
  const { query } = here.value;
  const isOn = query[name] !== undefined;
  return (
    <a
      class="button"
      href={withQuery({ [name]: isOn ? undefined : value })}
      aria-current={isOn ? "true" : undefined}
      data-key={letter}
    >
      {words}
    </a>
  );
}
