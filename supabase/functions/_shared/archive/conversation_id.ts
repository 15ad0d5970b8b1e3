import { type JsonObject, textOrUndefined } from "./json.ts";

/**
 * Names under which records and columns tell which conversation they belong to, the surest first. Case,
 * `_`, `-` and spaces do not matter: `conversationid` is also `conversation_id` and `Conversation ID`.
 */
export const CONVERSATION_ID_NAMES = [
  "conversationid",
  "conversationuuid",
  "conversationhash",
  "conversationkey",
  "convid",
  "chatid",
  "chatuuid",
  "chatsessionid",
  "threadid",
  "threaduuid",
  "dialogid",
  "dialogueid",
  "discussionid",
  "sessionid",
  "sessionuuid",
  "sessionkey",
  "conversation",
  "thread",
  "dialog",
  "dialogue",
  "session",
  "chat",
] as const;

const RANKS: ReadonlyMap<string, number> = new Map(
  CONVERSATION_ID_NAMES.map((name, rank) => [name, rank]),
);
// Records of a file have the same few keys.
const ranks = new Map<string, number | undefined>();
const MOST_KEYS = 10_000;

/** The id of the conversation that a record names, under whatever name; digits as they are written. */
export function conversationIdOf(record: JsonObject): string | undefined {
  let best: string | undefined;
  let bestRank = Infinity;
  for (const key in record) {
    const rank = rankOf(key);
    if (rank === undefined || rank >= bestRank) continue;
    const id = textOrUndefined(record[key]);
    if (id === undefined) continue;
    best = id;
    bestRank = rank;
  }
  return best;
}

function rankOf(key: string): number | undefined {
  if (ranks.has(key)) return ranks.get(key);
  if (ranks.size >= MOST_KEYS) ranks.clear();
  const rank = RANKS.get(key.toLowerCase().replace(/[_\s-]/g, ""));
  ranks.set(key, rank);
  return rank;
}
