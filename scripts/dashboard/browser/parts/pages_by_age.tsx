import { withQuery } from "../data/here.ts";

/** Links between the pages of a list that has the newest first; a full page may have an older one. */
export function PagesByAge({ after, rows, size }: {
  after: unknown;
  rows: { id: number }[];
  size: number;
}) {
  return (
    <p class="pages">
      {after && (
        <a class="button" href={withQuery({ after: undefined })}>Newest</a>
      )}
      {rows.length === size && (
        <a class="button" href={withQuery({ after: rows.at(-1)!.id })}>Older</a>
      )}
    </p>
  );
}
