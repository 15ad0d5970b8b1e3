import type { AnswerPage, ListedAnswer } from "./answers.ts";

/** Rows that are asked for at once, and that the page holds at most. */
export const PAGE_ROWS = 60;
const MOST_ROWS = 180;

/** The part of all answers that the page holds; a million others are only asked for when looked at. */
export interface AnswerWindow {
  rows: ListedAnswer[];
  /** `after` of the rows that follow; null: there are none. */
  next: string | null;
  /** `after`, backwards, of the rows before; null: there are none. */
  previous: string | null;
  /** How many rows were looked at for them. */
  scanned: number;
}

/** A window that begins with a page behind a position; null: with the first row. */
export function beginWindow(
  after: string | null,
  { rows, next, scanned }: AnswerPage,
): AnswerWindow {
  return { rows, next, previous: after, scanned };
}

/** The window with the page that follows; the first rows go when it becomes too long. */
export function addNext(
  window: AnswerWindow,
  page: AnswerPage,
): AnswerWindow {
  const rows = [...window.rows, ...page.rows];
  const kept = rows.slice(-MOST_ROWS);
  return {
    rows: kept,
    next: page.next,
    previous: kept.length < rows.length ? kept[0].position : window.previous,
    scanned: window.scanned + page.scanned,
  };
}

/** The window with the page before it; the last rows go when it becomes too long. */
export function addPrevious(
  window: AnswerWindow,
  page: AnswerPage,
): AnswerWindow {
  const rows = [...page.rows, ...window.rows];
  const kept = rows.slice(0, MOST_ROWS);
  return {
    rows: kept,
    next: kept.length < rows.length ? kept.at(-1)!.position : window.next,
    previous: page.next,
    scanned: window.scanned + page.scanned,
  };
}

/**
 * Where a key stands among all keys, 0 to 1: hashes are spread evenly, others are looked up among marks.
 *
 * @param marks a fair sample of the keys in order; null: keys are hashes
 */
export function toFraction(key: string, marks: string[] | null): number {
  return marks === null
    ? parseInt(key.slice(0, 8).padEnd(8, "0"), 16) / 2 ** 32
    : marks.filter((mark) => mark < key).length / Math.max(marks.length, 1);
}

/** The position behind which so great a part of all keys stands. */
export function toPosition(fraction: number, marks: string[] | null): string {
  const key = marks === null
    ? Math.floor(fraction * 2 ** 32).toString(16).padStart(8, "0").slice(0, 8)
    : marks[Math.floor(fraction * marks.length)] ?? "";
  return `0 ${key}`;
}
