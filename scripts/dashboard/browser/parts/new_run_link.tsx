import { to } from "../data/here.ts";
import { project } from "../data/project.ts";

/** The way to a new run that begins with these choices; absent where the dashboard only reads. */
export function NewRunLink(
  { query = {}, words, isSecond }: {
    query?: Record<string, string>;
    words: string;
    /** Where something else is done first. */
    isSecond?: true;
  },
) {
  if (project().home.readOnly) return null;
  return (
    <a
      class={isSecond ? "button" : "button primary"}
      href={to(["new"], query)}
    >
      {words}
    </a>
  );
}
