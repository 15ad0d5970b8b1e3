import type { Message, Prompt, PromptSource } from "../../prompt.ts";
import type { Conversation, Turn } from "../conversation.ts";
import { toIsoTime } from "../formats/time_of.ts";
import type { ExtractOptions } from "../options.ts";
import { answersOf } from "./answers.ts";
import { cleanText } from "./clean_text.ts";
import { createPromptFilter } from "./prompt_filter.ts";
import { hash, promptKey } from "./prompt_key.ts";
import { createRedactor } from "./redact.ts";

/** Where the conversation was found. */
export interface ConversationPlace {
  bucket?: string;
  directory?: string;
  path: string;
  entry?: string;
  format: string;
  /** Number of the conversation in its file. */
  index: number;
}

interface Selected {
  turn: Turn;
  /** Index in the turns of the conversation. */
  at: number;
  /** Position among the prompts of all branches, so that it does not depend on the options. */
  position: number;
}

/** Builds the function that makes prompts of a conversation, as the options ask. */
export function createPromptMaker(
  options: ExtractOptions,
): (conversation: Conversation, place: ConversationPlace) => Prompt[] {
  const passes = createPromptFilter(options);
  return (conversation, place) => {
    const { turns } = conversation;
    const selected = select(turns, options);
    if (selected.length === 0) return [];
    const answers = answersOf(turns);
    const keyOf = keyMaker(conversation, place, selected);
    const prompts: Prompt[] = [];
    for (const { turn, at, position } of selected) {
      const text = cleanText(turn.text);
      const time = toIsoTime(turn.time);
      const key = keyOf(turn, position);
      if (!passes({ key, text, time })) continue;
      const answer = answers[at];
      const source: PromptSource = {
        path: place.path,
        format: place.format,
        position,
      };
      if (place.bucket !== undefined) source.bucket = place.bucket;
      if (place.entry !== undefined) source.entry = place.entry;
      const named = nameOf(conversation);
      if (named !== undefined) source.conversation = named;
      if (turn.id !== undefined) source.messageId = cleanText(turn.id);
      if (time !== undefined) source.time = time;
      const model = answer?.model ?? conversation.model;
      if (model !== undefined) source.model = cleanText(model);
      const attachments = attachmentsOf(turn);
      if (attachments !== undefined) source.attachments = attachments;
      const prompt: Prompt = { key, text, source };
      if (options.context === "conversation") {
        prompt.messages = earlierTurns(turns, at);
      }
      if (answer !== undefined) prompt.reference = cleanText(answer.text);
      if (turn.metadata !== undefined) prompt.metadata = { ...turn.metadata };
      if (options.redact.length > 0) redactPrompt(prompt, options);
      prompts.push(prompt);
    }
    return prompts;
  };
}

function select(turns: Turn[], options: ExtractOptions): Selected[] {
  const selected: Selected[] = [];
  let position = 0;
  for (let at = 0; at < turns.length; at++) {
    const turn = turns[at];
    if (turn.role !== "user" || isBlank(turn.text)) continue;
    const here = position++;
    if (options.branches === "current" && turn.offBranch === true) continue;
    selected.push({ turn, at, position: here });
  }
  if (options.turns === "first") return selected.slice(0, 1);
  return options.turns === "last" ? selected.slice(-1) : selected;
}

function isBlank(text: string): boolean {
  return text.length === 0 || text.trim() === "";
}

function keyMaker(
  conversation: Conversation,
  place: ConversationPlace,
  selected: Selected[],
): (turn: Turn, position: number) => string {
  const identity = {
    root: place.bucket ?? place.directory ?? "",
    path: place.path,
    entry: place.entry,
  };
  const named = conversation.id !== undefined;
  const whole = named ? conversation.id! : place.index;
  const repeated = repeatedIds(selected);
  return (turn, position) => {
    if (turn.id !== undefined && !repeated.has(turn.id)) {
      return promptKey({ ...identity, conversation: whole, message: turn.id });
    }
    // Ids of conversations can be repeated in a file. Where only the position is left to tell their
    // prompts apart, the text is part of the key, so that none replaces another.
    const message = named ? `${position} ${hash(turn.text)}` : position;
    return promptKey({ ...identity, conversation: whole, message });
  };
}

function repeatedIds(selected: Selected[]): Set<string> {
  const seen = new Set<string>();
  const repeated = new Set<string>();
  if (selected.length < 2) return repeated;
  for (const { turn } of selected) {
    if (turn.id === undefined) continue;
    if (seen.has(turn.id)) repeated.add(turn.id);
    seen.add(turn.id);
  }
  return repeated;
}

function nameOf(conversation: Conversation): PromptSource["conversation"] {
  const { id, title } = conversation;
  if (id === undefined && title === undefined) return undefined;
  const named: PromptSource["conversation"] = {};
  if (id !== undefined) named.id = cleanText(id);
  if (title !== undefined) named.title = cleanText(title);
  return named;
}

function attachmentsOf(turn: Turn): PromptSource["attachments"] {
  return turn.attachments?.map(({ name, text }) => ({
    ...name !== undefined && { name: cleanText(name) },
    ...text !== undefined && { text: cleanText(text) },
  }));
}

function earlierTurns(turns: Turn[], at: number): Message[] {
  const path: Turn[] = [];
  if (turns[at].parent === undefined) {
    path.push(...turns.slice(0, at));
  } else {
    // A parent always stands before its child, so this ends.
    for (
      let above = turns[at].parent!;
      above >= 0;
      above = turns[above].parent ?? -1
    ) path.push(turns[above]);
    path.reverse();
  }
  return path.filter(({ text }) => !isBlank(text))
    .map(({ role, text }) => ({ role, content: cleanText(text) }));
}

function redactPrompt(prompt: Prompt, options: ExtractOptions): void {
  const { redact, counts } = createRedactor(options.redact);
  prompt.text = redact(prompt.text);
  for (const message of prompt.messages ?? []) {
    message.content = redact(message.content);
  }
  if (prompt.reference !== undefined) {
    prompt.reference = redact(prompt.reference);
  }
  const { conversation, attachments } = prompt.source;
  if (conversation?.title !== undefined) {
    conversation.title = redact(conversation.title);
  }
  for (const file of attachments ?? []) {
    if (file.name !== undefined) file.name = redact(file.name);
    if (file.text !== undefined) file.text = redact(file.text);
  }
  if (Object.keys(counts).length > 0) {
    prompt.metadata = { ...prompt.metadata, redacted: counts };
  }
}
