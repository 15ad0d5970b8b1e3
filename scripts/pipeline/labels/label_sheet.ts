import { parse } from "@std/csv/parse";
import { withoutGuard } from "../to_csv_line.ts";
import type {
  LabelItem,
  LabelQueue,
} from "../../dashboard/browser/data/label_queue_answer.ts";

/** What submit_evaluation_label() takes of a row. */
export interface SheetLabel {
  /** As a spreadsheet counts: the header is 1. */
  row: number;
  item_id: number;
  passed?: boolean;
  score?: number;
  category?: string;
  remark?: string;
  corrected_response?: string;
}

/** What is wrong in a row, and what to do. */
export interface SheetProblem {
  row: number;
  column: string;
  problem: string;
}

/** What a filled in sheet says. */
export interface Sheet {
  labels: SheetLabel[];
  problems: SheetProblem[];
  /** Rows that nobody has labelled yet. */
  empty: number;
}

type Asked = Pick<LabelQueue, "kind" | "categories" | "lowest" | "highest">;

const YES = ["pass", "yes", "true", "1"];
const NO = ["fail", "no", "false", "0"];

/** What may stand in the column of the label. */
function choicesOf({ kind, categories, lowest, highest }: Asked): string {
  switch (kind) {
    case "pass":
      return "pass or fail";
    case "score":
      return `${lowest} to ${highest}`;
    case "category":
      return categories!.join(", ");
    case "pair":
      return "first, second or tie";
  }
}

/** The header of a sheet; what is to be filled in stands at the end. */
export function toSheetHeader(queue: Asked): string[] {
  return [
    "item",
    "earlier turns",
    "prompt",
    "reference",
    ...queue.kind === "pair" ? ["first", "second"] : ["response"],
    `label (${choicesOf(queue)})`,
    "remark",
    ...queue.kind === "pair" ? [] : ["corrected response"],
  ];
}

/** The row of an item, its label left empty. */
export function toSheetRow(item: LabelItem): unknown[] {
  const { system, turns, text } = item.prompt;
  const earlier = [
    ...system === null ? [] : [{ role: "system", content: system }],
    ...turns,
  ];
  return [
    item.id,
    earlier.map(({ role, content }) => `${role}: ${content}`).join("\n\n"),
    text,
    item.reference,
    ...item.responses.map(({ response }) => response),
    "",
    "",
    ...item.responses.length > 1 ? [] : [""],
  ];
}

/**
 * Reads a sheet that was filled in, whatever stands between its columns. A row that is wrong is told
 * and costs no other.
 *
 * @throws {SyntaxError} a quote is not closed, told with its line, or a column is missing
 */
export function readSheet(text: string, queue: Asked): Sheet {
  const rows = parse(text, { separator: separatorOf(text) });
  const header = (rows[0] ?? []).map((cell) => cell.trim().toLowerCase());
  const placeOf = (name: string) =>
    header.findIndex((cell) => cell === name || cell.startsWith(`${name} (`));
  const places = {
    item: placeOf("item"),
    label: placeOf("label"),
    remark: placeOf("remark"),
    corrected: placeOf("corrected response"),
  };
  const missing = (["item", "label"] as const).filter((name) =>
    places[name] < 0
  );
  if (missing.length > 0) {
    throw new SyntaxError(
      `There is no column ${missing.join(" and ")} in its first row`,
    );
  }
  const sheet: Sheet = { labels: [], problems: [], empty: 0 };
  const seen = new Map<number, number>();
  rows.slice(1).forEach((cells, index) => {
    const row = index + 2;
    const cell = (place: number) => withoutGuard((cells[place] ?? "").trim());
    if (cells.every((value) => value.trim() === "")) return;
    const problem = (column: string, problem: string) =>
      sheet.problems.push({ row, column, problem });
    const item = cell(places.item);
    const remark = cell(places.remark);
    const corrected = cell(places.corrected);
    const label = cell(places.label);
    if (!/^\d{1,15}$/.test(item)) {
      problem("item", `"${item}" is no item. Leave the column as it was`);
      return;
    }
    const earlier = seen.get(Number(item));
    if (earlier !== undefined) {
      problem(
        "item",
        `item ${item} stands in row ${earlier} already. Delete one of them`,
      );
      return;
    }
    seen.set(Number(item), row);
    if (label === "") {
      if (remark === "" && corrected === "") sheet.empty++;
      else problem("label", `it is empty. Write ${choicesOf(queue)}`);
      return;
    }
    const answer = toAnswer(label, queue);
    if (answer === undefined) {
      problem("label", `"${label}" is not ${choicesOf(queue)}. Write that`);
      return;
    }
    sheet.labels.push({
      row,
      item_id: Number(item),
      ...answer,
      ...remark === "" ? {} : { remark },
      ...corrected === "" ? {} : { corrected_response: corrected },
    });
  });
  return sheet;
}

/** What a label says; undefined: it cannot be read. */
function toAnswer(
  label: string,
  queue: Asked,
): Pick<SheetLabel, "passed" | "score" | "category"> | undefined {
  const word = label.toLowerCase();
  switch (queue.kind) {
    case "pass":
      return YES.includes(word)
        ? { passed: true }
        : NO.includes(word)
        ? { passed: false }
        : undefined;
    case "score": {
      // Half of the world's spreadsheets write 3,5.
      const score = Number(word.replace(",", "."));
      return score >= queue.lowest! && score <= queue.highest!
        ? { score }
        : undefined;
    }
    case "category": {
      const category = queue.categories!.find((name) =>
        name.toLowerCase() === word
      );
      return category === undefined ? undefined : { category };
    }
    case "pair":
      return ["first", "second", "tie"].includes(word)
        ? { category: word }
        : undefined;
  }
}

/** Spreadsheets of many countries write semicolons. */
function separatorOf(text: string): string {
  const [, found] = /^\uFEFF?"?item"?([,;\t])/i.exec(text) ?? [];
  return found ?? ",";
}
