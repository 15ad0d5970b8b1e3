import type { Turn } from "../conversation.ts";
import { type JsonObject, objectsOf, textOrUndefined } from "../json.ts";
import { eventFormat } from "./event_format.ts";
import { refusedFormat } from "./format.ts";
import { textTurn, turnsOf } from "./text_turn.ts";
import { textOfHtml, unescapeHtml } from "../records/html_text.ts";

/**
 * Gemini in Google Takeout (`MyActivity.json`): a row per activity, newest first, with the prompt in
 * `title` behind a localised prefix and the answer in `safeHtmlItem[].html`, which is read as text. Rows
 * of the same `/app/<id>` link are one conversation, every other row is one of its own.
 *
 * Sources: NateBJones-Projects/OB1#455, kenn-io/agentsview internal/parser/gemini_apps_takeout.go.
 */
export const takeoutGemini = eventFormat({
  name: "takeout_gemini",
  matches: (record) => isActivity(record) && isGemini(record),
  conversationOf: (record) => linkOf(record) ?? null,
  about: (record) => ({ id: linkOf(record) }),
  turnOf: toTurn,
  ignored: {
    "activity/other product": "not of Gemini",
    "activity/other":
      "no prompt: a draft chosen, feedback, a picture or canvas made",
  },
});

/** Takeout writes the activity of every product under the same name and in the same shape. */
export const takeoutOther = refusedFormat({
  name: "takeout_other",
  matches: isActivity,
  reason:
    "this is Google activity of another product; the prompts are in My Activity/Gemini Apps",
});

// Checked in published exports: English, German, Japanese; the rest as Google translates the word.
const PROMPT_PREFIXES = [
  "Prompted ",
  "Eingegebener Prompt: ",
  "送信したメッセージ: ",
  "Asked ",
  "You said: ",
  "Has preguntado ",
  "Prompt envoyé : ",
  "Prompt inviato: ",
  "Prompt enviado: ",
];

const OTHER_ACTIVITIES = [
  "Used ",
  "Created ",
  "Selected preferred draft",
  "Gave feedback",
  "Added ",
  "Viewed ",
  "Visited ",
  "Searched ",
];

function isActivity(record: JsonObject): boolean {
  return typeof record.header === "string" &&
    typeof record.title === "string" && record.time !== undefined &&
    Array.isArray(record.products);
}

function isGemini(record: JsonObject): boolean {
  const products = Array.isArray(record.products) ? record.products : [];
  return [record.header, ...products].some((name) =>
    typeof name === "string" && /gemini|bard/i.test(name)
  );
}

function toTurn(record: JsonObject): Turn[] | string {
  if (!isGemini(record) || typeof record.title !== "string") {
    return "activity/other product";
  }
  const title = record.title;
  const prefix = PROMPT_PREFIXES.find((known) => title.startsWith(known));
  const answered = Array.isArray(record.safeHtmlItem);
  if (prefix === undefined) {
    // An unknown language: what has an answer was a prompt, its prefix stays.
    if (OTHER_ACTIVITIES.some((name) => title.startsWith(name))) {
      return "activity/other";
    }
    if (!answered) {
      return "activity/unknown";
    }
  }
  const text = unescapeHtml(title.slice(prefix?.length ?? 0));
  const turn = textTurn("user", text.trim() && text, { time: record.time });
  if (prefix === undefined && turn) turn.metadata = { confidence: "low" };
  const answer = objectsOf(record.safeHtmlItem)
    .map(({ html }) => typeof html === "string" ? textOfHtml(html) : "")
    .filter((words) => words !== "").join("\n\n");
  // It has no time of its own: it belongs to the prompt before it.
  return turnsOf([turn, textTurn("assistant", answer)]);
}

function linkOf(record: JsonObject): string | undefined {
  const links = [record, ...objectsOf(record.details)]
    .map((place) => textOrUndefined(place.titleUrl ?? place.url));
  for (const link of links) {
    // There may be a folder before the id: `/app/c/<id>`.
    const path = /\/app\/([\w/-]+)/.exec(link ?? "")?.[1];
    const id = path?.split("/").filter((part) => part !== "").at(-1);
    if (id !== undefined) return id;
  }
  return undefined;
}
