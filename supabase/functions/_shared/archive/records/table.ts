/** What the first row of a CSV file tells. */
export interface Table {
  columns: string[];
  delimiter: string;
  /** Written by PostgreSQL's COPY in its text format: `\N` is null, quotes are text. */
  isCopy?: true;
}

const DELIMITERS = [",", ";", "\t"];
const MOST_COLUMNS = 200;
// A file of one column is any text, but for these names above it.
// Postgres stores it, and nobody types it.
const NO_DELIMITER = "\u001f";
const ONE_COLUMN =
  /^(?:prompt|question|query|input|user_input|instruction)s?$/i;
const COPY_NULL = /(?:^|\t)\\N(?:\t|\r?$)/m;
// A name as programs write it; prose has other characters or is longer.
const NAME = /^[\p{L}\p{N}_$.][\p{L}\p{N}_$.:()#/ -]{0,63}$/u;

/**
 * Reads the names of a table's columns when the first row can be one: several names, all of them
 * different, and a next row with as many cells. Undefined for other text. `isTable`: it is known to be
 * a table, which may have one column.
 */
export function findTable(text: string, isTable = false): Table | undefined {
  const [first, rest] = cutRow(text);
  if (rest === undefined) return undefined;
  if (ONE_COLUMN.test(first.trim())) {
    return {
      columns: [first.trim().replace(/s$/i, "")],
      delimiter: NO_DELIMITER,
    };
  }
  const [second] = cutRow(rest);
  for (const delimiter of DELIMITERS) {
    const columns = splitRow(first, delimiter).map((name) => name.trim());
    if (columns.length < 2 || columns.length > MOST_COLUMNS) continue;
    // pandas writes its index without a name, spreadsheets leave columns empty.
    const named = columns.filter((name) => name !== "");
    const areNames = named.every((name) => NAME.test(name)) &&
      new Set(named).size === named.length &&
      (named.length > 1 || ONE_COLUMN.test(named[0] ?? ""));
    if (areNames && splitRow(second, delimiter).length === columns.length) {
      return delimiter === "\t" && COPY_NULL.test(rest)
        ? { columns, delimiter, isCopy: true }
        : { columns, delimiter };
    }
  }
  const only = first.trim();
  return isTable && NAME.test(only)
    ? { columns: [only], delimiter: NO_DELIMITER }
    : undefined;
}

/** The text up to the line break that ends its first row, and what follows it. */
export function cutRow(text: string): [string, string | undefined] {
  let inQuotes = false;
  let wereQuotes = false;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === "\n" && !inQuotes) {
      return [text.slice(0, at), text.slice(at + 1)];
    }
    if (text[at] !== '"') {
      wereQuotes = false;
      continue;
    }
    // Quotes count where a cell begins, elsewhere they are a part of the text.
    const opens: boolean = wereQuotes || at === 0 ||
      DELIMITERS.includes(text[at - 1]);
    wereQuotes = inQuotes;
    inQuotes = !inQuotes && opens;
  }
  return [text, undefined];
}

/** The cells of a row (RFC 4180): quoted ones may hold delimiters, line breaks and doubled quotes. */
export function splitRow(row: string, delimiter: string): string[] {
  const end = row.endsWith("\r") ? row.length - 1 : row.length;
  const cells: string[] = [];
  for (let at = 0; at <= end; at++) {
    if (row[at] === '"') {
      const close = closingQuote(row, at + 1, end);
      const next = nextDelimiter(row, close, end, delimiter);
      cells.push(
        row.slice(at + 1, close).replaceAll('""', '"') +
          row.slice(close + 1, next),
      );
      at = next;
    } else {
      const next = nextDelimiter(row, at, end, delimiter);
      cells.push(row.slice(at, next));
      at = next;
    }
  }
  return cells;
}

function closingQuote(row: string, from: number, end: number): number {
  for (let at = row.indexOf('"', from); at >= 0; at = row.indexOf('"', at)) {
    if (row[at + 1] !== '"') return at;
    at += 2;
  }
  return end;
}

function nextDelimiter(
  row: string,
  from: number,
  end: number,
  delimiter: string,
): number {
  const next = row.indexOf(delimiter, from);
  return next < 0 || next > end ? end : next;
}
