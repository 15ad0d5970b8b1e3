import type { Conversation, Turn } from "../conversation.ts";
import {
  isObject,
  type Json,
  type JsonObject,
  objectOrEmpty,
  objectsOf,
  textOrUndefined,
} from "../json.ts";
import {
  type ConversationBuilder,
  conversationFormat,
  messageFormat,
} from "./format.ts";
import { textTurn, turnsOf } from "./text_turn.ts";

/**
 * GitHub Copilot in VS Code, exported or stored: `{responderUsername, requests: [{message: {text},
 * response}]}`. `message.parts` repeats the text.
 */
export const vscodeCopilot = conversationFormat({
  name: "vscode_copilot",
  matches: isSession,
  read: (record) => [readSession(record)],
});

/**
 * The same as newer versions store it, a log of changes: `{kind: 0, v: session}`, then 1 sets, 2
 * pushes and 3 deletes at the path `k` (objectMutationLog.ts of microsoft/vscode).
 */
export const vscodeCopilotLog = messageFormat({
  name: "vscode_copilot_log",
  matches: (record) =>
    record.kind === 0 && isObject(record.v) &&
    (isSession(record.v) || typeof record.v.sessionId === "string"),
  open: openLog,
});

function isSession(record: JsonObject): boolean {
  return Array.isArray(record.requests) &&
    (record.responderUsername !== undefined ||
      record.initialLocation !== undefined);
}

function readSession(session: JsonObject): Conversation {
  return {
    id: textOrUndefined(session.sessionId),
    title: textOrUndefined(session.customTitle),
    turns: objectsOf(session.requests).flatMap(requestTurns),
  };
}

function requestTurns(request: JsonObject): Turn[] {
  const message = objectOrEmpty(request.message);
  const text = typeof request.message === "string"
    ? request.message
    : message.text ?? partsText(message.parts);
  const answer = objectsOf(request.response)
    // Parts with a kind are tool calls, progress and thoughts; plain Markdown has none.
    .filter(({ kind }) => kind === undefined || kind === "markdownContent")
    .map(({ value, content }) => {
      const words = value ?? (isObject(content) ? content.value : content);
      return typeof words === "string" ? words : "";
    }).join("");
  return turnsOf([
    textTurn("user", text, { id: request.requestId, time: request.timestamp }),
    textTurn("assistant", answer, { model: request.modelId }),
  ]);
}

function partsText(parts: Json | undefined): string {
  return objectsOf(parts).filter(({ kind }) => kind === "text")
    .map(({ text }) => typeof text === "string" ? text : "").join("");
}

const SET = 1;
const PUSH = 2;
const DELETE = 3;

function openLog(): ConversationBuilder {
  let session: JsonObject | undefined;
  return {
    add(record) {
      if (record.kind === 0 && isObject(record.v)) session = record.v;
      else if (session !== undefined && Array.isArray(record.k)) {
        change(session, record.k, record);
      } else return false;
      return true;
    },
    build: () => session === undefined ? [] : [readSession(session)],
  };
}

function change(session: JsonObject, path: Json[], entry: JsonObject): void {
  let place: Json | undefined = session;
  for (const key of path.slice(0, -1)) place = memberOf(place, key);
  const last = path.at(-1);
  if (last === undefined) return;
  if (entry.kind === PUSH) {
    const list = memberOf(place, last);
    if (!Array.isArray(list)) return;
    if (typeof entry.i === "number") {
      list.length = Math.min(list.length, entry.i);
    }
    if (Array.isArray(entry.v)) { for (const one of entry.v) list.push(one); }
  } else if (Array.isArray(place) && typeof last === "number") {
    // An index far behind the end would make a list that fills the memory.
    if (entry.kind === SET && last <= place.length) {
      place[last] = entry.v ?? null;
    }
    if (entry.kind === DELETE) place.splice(last, 1);
  } else if (isObject(place) && typeof last === "string") {
    if (entry.kind === SET) {
      Object.defineProperty(place, last, {
        value: entry.v,
        configurable: true,
        enumerable: true,
        writable: true,
      });
    } else if (entry.kind === DELETE) delete place[last];
  }
}

function memberOf(place: Json | undefined, key: Json): Json | undefined {
  if (Array.isArray(place)) {
    return typeof key === "number" ? place[key] : undefined;
  }
  return isObject(place) && typeof key === "string" && Object.hasOwn(place, key)
    ? place[key]
    : undefined;
}
