import type { Conversation, Turn } from "../conversation.ts";
import type { JsonObject } from "../json.ts";
import { type Ignored, kindOf, leaveOut, readOrSilent } from "../left_out.ts";
import {
  type ConversationBuilder,
  type MessageFormat,
  messageFormat,
} from "./format.ts";
import { treeTurns } from "./tree_turns.ts";

/** What makes a format whose records are turns, or events that are none. */
export interface EventFormatParts {
  name: string;
  matches(record: JsonObject): boolean;
  /** Records that are no turns on purpose, by what `kindOf` or `turnOf` calls them, and why. */
  ignored?: Ignored;
  /** The turn or turns of a record; for all others undefined, or the kind where `kindOf` does not tell it. */
  turnOf(record: JsonObject): Turn | Turn[] | string | undefined;
  /** Id, title or model that a record tells of the whole conversation. */
  about?(record: JsonObject): Partial<Omit<Conversation, "turns">> | undefined;
  conversationOf?(record: JsonObject): string | undefined | null;
  /** The place of a record in its conversation, or after which record it comes, where it says so. */
  linkOf?(record: JsonObject): RecordLink;
}

/** What a record says of where it stands. */
export interface RecordLink {
  /** Grows with the conversation, whatever the times are. */
  place?: number;
  /** The id of the record that it answers, where prompts are edited and answers asked for again. */
  parent?: string;
}

/**
 * Builds a format from a function that reads one record. A turn whose id came before replaces the
 * earlier one in its place: programs write messages again when they grow, and copy them when a
 * session is resumed.
 */
export function eventFormat(
  { turnOf, about, linkOf, ...format }: EventFormatParts,
): MessageFormat {
  return messageFormat({ ...format, open });

  function open(id: string | undefined): ConversationBuilder {
    const conversation: Conversation = { id, turns: [] };
    const places = new Map<string, number>();
    const links: (RecordLink | undefined)[] = [];
    const { turns } = conversation;
    return {
      add(record) {
        const told = about?.(record);
        conversation.id ??= told?.id;
        conversation.title ??= told?.title;
        conversation.model ??= told?.model;
        const [turn, isSilent] = readOrSilent(() => turnOf(record));
        if (isSilent) leaveOut(kindOf, record, format.ignored);
        if (typeof turn === "string") leaveOut(turn, record, format.ignored);
        if (turn === undefined || typeof turn === "string") return false;
        const link = linkOf?.(record);
        for (const one of Array.isArray(turn) ? turn : [turn]) place(one, link);
        return true;
      },
      build: () => [{ ...conversation, turns: linkTurns(turns, links) }],
    };

    function place(turn: Turn, link: RecordLink | undefined): void {
      const known = turn.id === undefined ? undefined : places.get(turn.id);
      if (known !== undefined && turns[known].role === turn.role) {
        turns[known] = turn;
        return;
      }
      links.push(link);
      if (turn.id !== undefined) places.set(turn.id, turns.length);
      turns.push(turn);
    }
  }
}

/** Turns in the order that their records say; where some say nothing, the times decide. */
function linkTurns(
  turns: Turn[],
  links: readonly (RecordLink | undefined)[],
): Turn[] {
  if (links.some((link) => link?.parent !== undefined)) {
    return treeTurns(turns.map((turn, index) => ({
      id: turn.id ?? String(index),
      parent: links[index]?.parent,
      turn,
      time: turn.time,
    })));
  }
  if (links.length === 0 || links.some((link) => link?.place === undefined)) {
    return turns;
  }
  return turns.map((turn, index) => ({ turn, place: links[index]!.place! }))
    .sort((a, b) => a.place - b.place)
    .map(({ turn }, index) => ({ ...turn, parent: index - 1 }));
}
