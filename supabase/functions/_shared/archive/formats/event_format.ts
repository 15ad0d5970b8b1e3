import type { Conversation, Turn } from "../conversation.ts";
import type { JsonObject } from "../json.ts";
import {
  type ConversationBuilder,
  type MessageFormat,
  messageFormat,
} from "./format.ts";

/** What makes a format whose records are turns, or events that are none. */
export interface EventFormatParts {
  name: string;
  matches(record: JsonObject): boolean;
  /** The turn that a record is, undefined for all others. */
  turnOf(record: JsonObject): Turn | undefined;
  /** Id, title or model that a record tells of the whole conversation. */
  about?(record: JsonObject): Partial<Omit<Conversation, "turns">> | undefined;
  conversationOf?(record: JsonObject): string | undefined | null;
  /** Puts the turns in order where the file does not. */
  sort?(a: Turn, b: Turn): number;
}

/**
 * Builds a format from a function that reads one record. A turn whose id came before replaces the
 * earlier one in its place: programs write messages again when they grow, and copy them when a
 * session is resumed.
 */
export function eventFormat(
  { turnOf, about, sort, ...format }: EventFormatParts,
): MessageFormat {
  return messageFormat({ ...format, open });

  function open(id: string | undefined): ConversationBuilder {
    const conversation: Conversation = { id, turns: [] };
    const places = new Map<string, number>();
    const { turns } = conversation;
    return {
      add(record) {
        const told = about?.(record);
        conversation.id ??= told?.id;
        conversation.title ??= told?.title;
        conversation.model ??= told?.model;
        const turn = turnOf(record);
        if (turn === undefined) return false;
        const place = turn.id === undefined ? undefined : places.get(turn.id);
        if (place !== undefined && turns[place].role === turn.role) {
          turns[place] = turn;
          return true;
        }
        if (turn.id !== undefined) places.set(turn.id, turns.length);
        turns.push(turn);
        return true;
      },
      build() {
        if (sort !== undefined) turns.sort(sort);
        return [conversation];
      },
    };
  }
}

/** Orders turns by their time as text or number; equal and unknown times keep their order. */
export function byTurnTime(a: Turn, b: Turn): number {
  const [left, right] = [a.time, b.time];
  if (typeof left === "number" && typeof right === "number") {
    return left - right;
  }
  if (typeof left !== "string" || typeof right !== "string") return 0;
  return left < right ? -1 : left > right ? 1 : 0;
}
