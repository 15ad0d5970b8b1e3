import { firstObject, isObject, type Json, type JsonObject } from "../json.ts";
import type { RefusedFormat } from "./format.ts";

/** Slack exports: `[{type: "message", user, text, ts}]` per channel and day. */
export const slack: RefusedFormat = {
  kind: "refused",
  name: "slack",
  matches: (record) =>
    isObject(record) &&
    (isSlackMessage(record) || isSlackMessage(firstObject(record.messages))),
  reason: refusal("Slack"),
};

/**
 * Discord exports by DiscordChatExporter, `{guild, channel, messages}`, and by Discord itself: `[{ID,
 * Timestamp, Contents}]`.
 */
export const discord: RefusedFormat = {
  kind: "refused",
  name: "discord",
  matches: (record) =>
    isObject(record) &&
    ((isObject(record.guild) && isObject(record.channel)) ||
      (record.ID !== undefined && record.Timestamp !== undefined &&
        record.Contents !== undefined)),
  reason: refusal("Discord"),
};

/** Telegram Desktop exports: one chat `{name, type, id, messages}`, or all in `chats.list`. */
export const telegram: RefusedFormat = {
  kind: "refused",
  name: "telegram",
  matches: (record) => isObject(record) && isTelegram(record),
  reason: refusal("Telegram"),
};

function refusal(name: string): string {
  return `this is a ${name} export: people talking to each other, not prompts to a model`;
}

function isSlackMessage(message: JsonObject | undefined): boolean {
  return message !== undefined && typeof message.ts === "string" &&
    /^\d+\.\d+$/.test(message.ts) && message.role === undefined &&
    (typeof message.user === "string" || typeof message.bot_id === "string" ||
      message.type === "message");
}

function isTelegram(record: JsonObject): boolean {
  const chats: Json | undefined = isObject(record.chats)
    ? record.chats.list
    : undefined;
  if (Array.isArray(chats)) return true;
  const message = firstObject(record.messages);
  return message !== undefined && typeof record.type === "string" &&
    typeof message.id === "number" &&
    (message.type === "message" || message.type === "service") &&
    (message.from !== undefined || message.actor !== undefined) &&
    message.role === undefined;
}
