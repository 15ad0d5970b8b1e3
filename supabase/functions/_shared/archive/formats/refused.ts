import {
  firstObject,
  isObject,
  type JsonObject,
  objectOrEmpty,
} from "../json.ts";
import { refusedFormat } from "./format.ts";

/** Slack exports: `[{type: "message", user, text, ts}]` per channel and day. */
export const slack = refusedFormat({
  name: "slack",
  matches: (record) =>
    isSlackMessage(record) || isSlackMessage(firstObject(record.messages)),
  reason: refusal("Slack"),
});

/**
 * Discord exports by DiscordChatExporter, `{guild, channel, messages}`, and by Discord itself: `[{ID,
 * Timestamp, Contents}]`.
 */
export const discord = refusedFormat({
  name: "discord",
  matches: (record) =>
    (isObject(record.guild) && isObject(record.channel)) ||
    (record.ID !== undefined && record.Timestamp !== undefined &&
      record.Contents !== undefined),
  reason: refusal("Discord"),
});

/** Telegram Desktop exports: one chat `{name, type, id, messages}`, or all in `chats.list`. */
export const telegram = refusedFormat({
  name: "telegram",
  matches: isTelegram,
  reason: refusal("Telegram"),
});

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
  if (Array.isArray(objectOrEmpty(record.chats).list)) return true;
  const message = firstObject(record.messages);
  return message !== undefined && typeof record.type === "string" &&
    typeof message.id === "number" &&
    (message.type === "message" || message.type === "service") &&
    (message.from !== undefined || message.actor !== undefined) &&
    message.role === undefined;
}
