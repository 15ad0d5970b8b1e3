import { type ReadPage, rowIdOf } from "./read_table.ts";
import type { TableCursor } from "./table_page.ts";

/** Questions that have no answer yet, by the primary key of their row. */
export type WaitingTurns = Record<string, {
  conversation: string;
  /** How new the row is; null: the row grows. */
  number: number | null;
  /** Until when it waits: ISO 8601. */
  until: string;
}>;

/** So many are looked at in one scan, those first that have not been for longest. */
const MOST_AT_ONCE = 500;

/** Where their conversations are read again; null: none waits. */
export function cursorOfWaiting(waits: WaitingTurns): TableCursor | null {
  const rows = Object.entries(waits).slice(0, MOST_AT_ONCE);
  if (rows.length === 0) return null;
  return {
    conversations: [...new Set(rows.map(([, turn]) => turn.conversation))],
    wanted: Object.fromEntries(rows.map(([id, { number }]) => [id, number])),
    until: Object.fromEntries(rows.map(([id, { until }]) => [id, until])),
    isLater: true,
    // They are taken once, as all that a watch takes.
    resumeFrom: 0,
  };
}

/** Those that still wait after a page: without the ones that it took, with the ones that it found. */
export function withoutAnswered(
  waits: WaitingTurns,
  { prompts, waiting }: Pick<ReadPage, "prompts" | "waiting">,
  { wanted }: TableCursor,
): WaitingTurns {
  // Whose row is gone, or has become another, waits no longer.
  const left = Object.fromEntries(
    Object.entries(waits).filter(([id]) => !Object.hasOwn(wanted ?? {}, id)),
  );
  for (const { row } of prompts) delete left[rowIdOf(row)];
  for (const { row, conversation, waitsUntil } of waiting) {
    left[rowIdOf(row)] = {
      conversation: String(conversation),
      number: row.number ?? null,
      until: waits[rowIdOf(row)]?.until ?? waitsUntil!,
    };
  }
  return left;
}
