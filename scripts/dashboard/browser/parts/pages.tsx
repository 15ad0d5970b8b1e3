import { here, withQuery } from "../data/here.ts";

/** Links between the pages of a list. */
export function Pages({ next, back, on }: {
  /** `after` of the page that follows; null: this is the last. */
  next: string | number | null;
  /** What leads to the first page. */
  back: string;
  /** What leads on. */
  on: string;
}) {
  return (
    <p class="pages">
      {here.value.query.after && (
        <a class="button" href={withQuery({ after: null })}>{back}</a>
      )}
      {next !== null && (
        <a class="button" href={withQuery({ after: next, pair: null })}>{on}</a>
      )}
    </p>
  );
}

/** Of a list that has the newest first; a full page may have an older one. */
export function PagesByAge(
  { rows, size }: { rows: { id: number }[]; size: number },
) {
  const next = rows.length === size ? rows.at(-1)!.id : null;
  return <Pages next={next} back="Newest" on="Older" />;
}
