import type { JsonObject } from "../json.ts";
import { wordsIn } from "./html_text.ts";

/** True for the start of Google's My Activity as a page: its styles come before its first activity. */
export function isActivityPage(start: string): boolean {
  return start.startsWith("<") &&
    (start.includes("mdl-typography") || start.includes(ACTIVITY_OPENING));
}

/** How the HTML of each activity begins. */
export const ACTIVITY_OPENING = '<div class="outer-cell';

/**
 * The HTML of one activity as My Activity has it in JSON. The page writes the title, the time and the
 * answer one after the other into one cell.
 */
export function readActivity(html: string): JsonObject {
  const header = wordsIn(between(html, "mdl-typography--title", "</p>"));
  const [content, caption = ""] = html.split("content-cell").slice(1)
    .map((cell) => cell.slice(cell.indexOf(">") + 1))
    .filter((cell) => wordsIn(cell) !== "");
  const lines = (content ?? "").split(/<br\s*\/?>/);
  const timeAt = lines.findIndex((line, index) => index > 0 && isTime(line));
  const said = timeAt < 0 ? lines.slice(0, 1) : lines.slice(0, timeAt);
  const files = said.findIndex((line) => /^Attached \d+ file/.test(line));
  const answer = timeAt < 0 ? "" : lines.slice(timeAt + 1).join("<br>");
  const title = said.slice(0, files < 0 ? undefined : files);
  const product = wordsIn(caption.split(/<br\s*\/?>/)[1] ?? "");
  return {
    header,
    title: title.map(wordsIn).join("\n"),
    time: timeAt < 0 ? "" : toZonedTime(wordsIn(lines[timeAt])),
    products: [product || header],
    ...wordsIn(answer) !== "" && { safeHtmlItem: [{ html: answer }] },
    ...linkIn(html),
  };
}

function between(html: string, from: string, to: string): string {
  const start = html.indexOf(from);
  if (start < 0) return "";
  const open = html.indexOf(">", start) + 1;
  const end = html.indexOf(to, open);
  return html.slice(open, end < 0 ? undefined : end);
}

function isTime(line: string): boolean {
  return line.length < 80 && !line.includes("<") && /\d{4}/.test(line) &&
    /\d{1,2}[:.]\d{2}/.test(line);
}

function linkIn(html: string): JsonObject {
  const titleUrl = /href="([^"]{0,500}\/app\/[^"]{0,200})"/.exec(html)?.[1];
  return titleUrl === undefined ? {} : { titleUrl };
}

// Names of zones that no engine reads; American ones and UTC are read.
const ZONES: Record<string, string> = {
  WET: "+0000",
  WEST: "+0100",
  BST: "+0100",
  CET: "+0100",
  CEST: "+0200",
  EET: "+0200",
  EEST: "+0300",
  JST: "+0900",
  AEST: "+1000",
  AEDT: "+1100",
};

function toZonedTime(time: string): string {
  return time.replace(
    /\b[A-Z]{3,4}$/,
    (zone) => Object.hasOwn(ZONES, zone) ? `GMT${ZONES[zone]}` : zone,
  );
}
