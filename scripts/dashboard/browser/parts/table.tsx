import type { ComponentChildren } from "preact";
import { go } from "../data/here.ts";

/** A column of a table. */
export interface Column<Row> {
  head: string;
  cell(row: Row): ComponentChildren;
  /** CSS width; without it the column takes what is left. */
  width?: string;
  isNumber?: boolean;
  sort?: "ascending" | "descending";
}

/** Rows of one height with a head that stays. */
export interface TableProps<Row> {
  /** What a screen reader says of it. */
  label: string;
  columns: Column<Row>[];
  rows: Row[];
  rowKey(row: Row): string | number;
  /** Where a row leads. */
  href?(row: Row): string;
  /** The row that is open beside the table. */
  isOpen?(row: Row): boolean;
  /** Of all rows, also those that are not shown; unknown: those shown. */
  count?: number;
  /** Place of the first row among all of them, from 0. */
  first?: number;
  /** What stands in place of rows where there is none. */
  empty?: ComponentChildren;
}

/**
 * A real `<table>`: the first cell of a row is a link, j and k or the arrows move between rows, Enter
 * opens one.
 */
export function Table<Row>(
  { label, columns, rows, rowKey, href, isOpen, count, first = 0, empty }:
    TableProps<Row>,
) {
  const open = isOpen ? rows.findIndex(isOpen) : -1;
  return (
    <div class="scroll" role="region" aria-label={label} tabIndex={0}>
      <table
        aria-label={label}
        aria-rowcount={(count ?? rows.length) + 1}
        data-rows
      >
        <colgroup>
          {columns.map(({ head, width }) => (
            <col key={head} style={width ? { width } : undefined} />
          ))}
        </colgroup>
        <thead>
          <tr aria-rowindex={1}>
            {columns.map(({ head, isNumber, sort }) => (
              <th
                key={head}
                scope="col"
                class={isNumber ? "number" : undefined}
                aria-sort={sort}
              >
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, index) => (
            <tr
              key={rowKey(row)}
              aria-rowindex={first + index + 2}
              aria-current={index === open ? "true" : undefined}
              tabIndex={index === Math.max(open, 0) ? 0 : -1}
              class={href ? "leads" : undefined}
              onClick={href && ((event) => follow(event, href(row)))}
              onKeyDown={href && ((event) => {
                if (
                  event.key === "Enter" && event.target === event.currentTarget
                ) {
                  go(href(row));
                }
              })}
            >
              {columns.map(({ head, cell, isNumber }, place) => (
                <td key={head} class={isNumber ? "number" : undefined}>
                  {place === 0 && href
                    ? <a href={href(row)} tabIndex={-1}>{cell(row)}</a>
                    : cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length === 0 && empty && <p class="empty">{empty}</p>}
    </div>
  );
}

/** A click anywhere in a row opens it, but words can be selected and links and buttons stay what they are. */
function follow(event: MouseEvent, address: string): void {
  const target = event.target as Element;
  if (target.closest("a, button, input, select, label")) return;
  if (String(getSelection()) !== "") return;
  go(address);
}
