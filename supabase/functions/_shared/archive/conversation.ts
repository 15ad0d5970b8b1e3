import type { Json } from "./json.ts";

/**
 * One message of a conversation that a human, a model or a system prompt wrote.
 * Tool calls, tool results and hidden context never become turns.
 */
export interface Turn {
  role: "user" | "assistant" | "system";
  text: string;
  /** The archive's own id of the message, unique in its conversation. */
  id?: string;
  /** As the archive writes it; `toIsoTime` reads it when a prompt needs it. */
  time?: Json;
  model?: string;
  attachments?: { name?: string; text?: string }[];
  /** Index of the turn before this one: -1 for a root, absent where turns are a plain list. */
  parent?: number;
  /** True where the archive shows another branch instead. */
  offBranch?: boolean;
  /** What to tell about this turn in the prompt's metadata. */
  metadata?: Record<string, Json>;
  /** What the user calls this prompt, in place of the key that its words have. */
  key?: string;
}

/** What every format is read into; turns are in the order prompts are given out. */
export interface Conversation {
  id?: string;
  title?: string;
  /** Used for turns that name no model themselves. */
  model?: string;
  /** True for a logged request: the next one may repeat its turns and go on from there. */
  isCall?: boolean;
  turns: Turn[];
}
