/** One turn of a conversation as it travels to a model. */
export interface Message {
  role: "system" | "user" | "assistant";
  content: string;
}

/** Where a prompt was found. Absent fields are unknown, never empty strings. */
export interface PromptSource {
  /** Storage bucket; absent for local files. */
  bucket?: string;
  /** Path of the archive in its bucket, or of the local file. */
  path: string;
  /** What the file was called where Storage would not take its name. */
  originalPath?: string;
  /** Name of the entry when the archive is a zip. */
  entry?: string;
  /** Name of the archive format, for example `chatgpt`. */
  format: string;
  conversation?: { id?: string; title?: string };
  messageId?: string;
  /** Zero-based position among the prompts of its conversation. */
  position: number;
  /** ISO 8601, UTC. */
  time?: string;
  /** The model that answered in the archive. */
  model?: string;
  /** Text of pasted or attached files, kept apart from the prompt. */
  attachments?: { name?: string; text?: string }[];
  /** The row's primary key, of a prompt from a table. */
  key?: Record<string, unknown>;
}

/** One user turn as it is found in an archive. */
export interface FoundPrompt {
  /** Empty: the prompt is variables alone, which are its metadata. */
  text: string;
  /** System prompt and earlier turns, oldest first; present with `context: "conversation"`. */
  messages?: Message[];
  /** What the archived assistant answered to this turn. */
  reference?: string;
  /** What a retriever found for it, the best first. */
  passages?: string[];
  source: PromptSource;
  metadata?: Record<string, unknown>;
  /** A key that the user gave; absent: what was asked is the key. */
  key?: string;
  keyIsGiven?: boolean;
}

/** One user turn, ready to execute. */
export interface Prompt extends FoundPrompt {
  /** What was asked, see `promptKey()`: the same in every file, folder and run. */
  key: string;
}
