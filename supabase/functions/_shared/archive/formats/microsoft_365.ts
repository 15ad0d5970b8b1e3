import {
  isObject,
  type Json,
  type JsonObject,
  objectOrEmpty,
  objectsOf,
  textOrUndefined,
} from "../json.ts";
import { storedJson } from "../records/stored_json.ts";
import { textOfHtml } from "../records/html_text.ts";
import { eventFormat } from "./event_format.ts";
import { listedFormat } from "./format.ts";
import { textTurn } from "./text_turn.ts";

/**
 * Interactions with Microsoft 365 Copilot (Graph, `getAllEnterpriseInteractions`): `{id, sessionId,
 * interactionType: "userPrompt" | "aiResponse", createdDateTime, body: {contentType, content}}`, newest
 * first. A session is a conversation; an answer may be an adaptive card among the attachments.
 *
 * Source: learn.microsoft.com/microsoft-365/copilot/extensibility/api/ai-services/interaction-export.
 */
export const microsoft365 = eventFormat({
  name: "microsoft_365",
  matches: (record) =>
    typeof record.interactionType === "string" &&
    (record.sessionId !== undefined || record.appClass !== undefined),
  conversationOf: ({ sessionId }) => textOrUndefined(sessionId),
  turnOf: (record) => {
    const { id, interactionType, createdDateTime: time, from } = record;
    const role = interactionType === "userPrompt"
      ? "user"
      : interactionType === "aiResponse"
      ? "assistant"
      : undefined;
    const { displayName } = objectOrEmpty(objectOrEmpty(from).application);
    return textTurn(role, wordsOf(record), {
      id,
      time,
      model: role === "assistant" ? displayName : undefined,
    });
  },
});

/** The same as the API gives it: `{value: […], "@odata.nextLink"}`. */
export const microsoft365List = listedFormat(
  "microsoft_365_list",
  microsoft365,
  ({ value }) => value,
);

function wordsOf({ body, attachments }: JsonObject): string {
  const { content, contentType } = objectOrEmpty(body);
  const text = typeof content !== "string"
    ? ""
    : contentType === "html"
    ? textOfHtml(content)
    : content.replace(/<attachment id="[^"]*"><\/attachment>/g, "").trim();
  if (text !== "") return text;
  return objectsOf(attachments)
    .filter(({ contentType }) => /card\.adaptive$/.test(String(contentType)))
    .flatMap(({ content }) => cardTexts(storedJson(content))).join("\n");
}

/** The text blocks of an adaptive card, which may hold others. */
function cardTexts(card: Json | undefined, depth = 0): string[] {
  if (Array.isArray(card)) {
    return card.flatMap((part) => cardTexts(part, depth + 1));
  }
  if (!isObject(card) || depth > 12) return [];
  const { type, text, body, items, columns } = card;
  return type === "TextBlock" && typeof text === "string"
    ? [text]
    : [body, items, columns].flatMap((part) => cardTexts(part, depth + 1));
}
