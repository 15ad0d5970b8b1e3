import { mayChange } from "../data/grader.ts";
import { to } from "../data/here.ts";

/** The way to a new label queue that begins with these choices; absent where whoever looks may make none. */
export function LabelLink(
  { query, words }: {
    query: Record<string, string | undefined>;
    words: string;
  },
) {
  if (!mayChange(query.owner ?? null)) return null;
  return <a class="button" href={to(["labels", "new"], query)}>{words}</a>;
}
