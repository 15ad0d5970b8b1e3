import type { FoundPrompt, Message, PromptSource } from "../../prompt.ts";
import type { PromptEvent } from "../archive_event.ts";
import type { Conversation, Turn } from "../conversation.ts";
import { textOrUndefined } from "../json.ts";
import { toIsoTime } from "../formats/time_of.ts";
import type { ExtractOptions } from "../options.ts";
import { answersOf } from "./answers.ts";
import { cleanText } from "./clean_text.ts";
import { inOrder } from "./in_order.ts";
import { passagesIn } from "./passages_in.ts";
import { createPromptFilter } from "./prompt_filter.ts";
import { redactPrompt } from "./redact_prompt.ts";
import { promptRank } from "./sample.ts";

/** The file of text in which conversations are found. */
export type ConversationsFile = Pick<
  PromptSource,
  "bucket" | "path" | "originalPath" | "entry"
>;

/** Makes the prompts of a conversation; `index` is its number in the file. */
export type PromptMaker = (
  conversation: Conversation,
  index: number,
  format: string,
) => PromptEvent[];

/** Builds the function that makes prompts of a file's conversations, as the options ask. */
export function createPromptMaker(
  options: ExtractOptions,
  file: ConversationsFile,
): PromptMaker {
  const passes = createPromptFilter(options);
  const inContext = options.context === "conversation";
  const fraction = options.sample !== undefined && options.sample < 1
    ? options.sample
    : undefined;
  return (conversation, index, format) => {
    const turns = inOrder(conversation.turns);
    const selected = select(turns, options);
    if (selected.length === 0) return [];
    const answers = answersOf(turns);
    const repeated = repeatedIds(turns);
    const known = conversation.id ?? index;
    const events: PromptEvent[] = [];
    // A position counts all prompts of all branches, so that it does not depend on the options.
    for (const { at, position } of selected) {
      const turn = turns[at];
      const text = cleanText(turn.text);
      const time = toIsoTime(turn.time);
      if (!passes({ text, time })) continue;
      const source: PromptSource = { path: file.path, format, position };
      if (file.bucket !== undefined) source.bucket = file.bucket;
      if (file.originalPath !== undefined) {
        source.originalPath = file.originalPath;
      }
      if (file.entry !== undefined) source.entry = file.entry;
      describe(source, conversation, turn, answers[at], time);
      const prompt: FoundPrompt = { text, source };
      if (inContext) prompt.messages = earlierTurns(turns, at);
      const reference = answers[at]?.text;
      if (reference !== undefined) prompt.reference = cleanText(reference);
      const about = { ...answers[at]?.metadata, ...turn.metadata };
      if (Object.keys(about).length > 0) prompt.metadata = about;
      const key = turn.key ?? givenKey(options.key, turn, conversation);
      if (key !== undefined) {
        prompt.key = key;
        prompt.keyIsGiven = true;
      }
      if (options.redact.length > 0) redactPrompt(prompt, options.redact);
      const passages = prompt.metadata && passagesIn(prompt.metadata);
      if (passages !== undefined) prompt.passages = passages;
      const ownId = turn.id !== undefined && !repeated?.has(turn.id);
      const event: PromptEvent = {
        type: "prompt",
        prompt,
        conversation: known,
        message: ownId ? turn.id! : position,
      };
      if (fraction === undefined || promptRank(event, options) < fraction) {
        events.push(event);
      }
    }
    return events;
  };
}

/** What the column or member that the user named says; an id may be the message's or the record's. */
function givenKey(
  name: string | undefined,
  { metadata, id }: Turn,
  conversation: Conversation,
): string | undefined {
  if (name === undefined) return undefined;
  const given = metadata?.[name] ??
    (name === "id" ? id ?? conversation.id : undefined);
  return textOrUndefined(given);
}

interface Selected {
  at: number;
  position: number;
}

function select(turns: Turn[], options: ExtractOptions): Selected[] {
  const selected: Selected[] = [];
  let position = 0;
  for (let at = 0; at < turns.length; at++) {
    const turn = turns[at];
    if (turn.role !== "user" || isBlank(turn.text) && !isVariables(turn)) {
      continue;
    }
    if (options.branches === "all" || turn.offBranch !== true) {
      selected.push({ at, position });
    }
    position++;
  }
  if (options.turns === "first") return selected.slice(0, 1);
  return options.turns === "last" ? selected.slice(-1) : selected;
}

/** True for a row of variables for a template: such a turn has no text. */
function isVariables({ text, metadata }: Turn): boolean {
  return text === "" && metadata !== undefined;
}

function isBlank(text: string): boolean {
  const first = text.charCodeAt(0);
  // A letter, as a rule: to ask a regular expression takes ten times as long.
  return !(first > 0x20 && first < 0x7f) && !/\S/.test(text);
}

// So few are compared with one another faster than a set of them is made.
const FEW_IDS = 16;

function repeatedIds(turns: Turn[]): Set<string> | undefined {
  const ids: string[] = [];
  for (const { role, id } of turns) {
    if (role === "user" && id !== undefined) ids.push(id);
  }
  if (
    ids.length <= FEW_IDS &&
    ids.every((id, index) => ids.lastIndexOf(id) === index)
  ) return undefined;
  const seen = new Set<string>();
  let repeated: Set<string> | undefined;
  for (const id of ids) {
    if (seen.has(id)) (repeated ??= new Set()).add(id);
    else seen.add(id);
  }
  return repeated;
}

function describe(
  source: PromptSource,
  conversation: Conversation,
  turn: Turn,
  answer: Turn | undefined,
  time: string | undefined,
): void {
  const { id, title } = conversation;
  if (id !== undefined || title !== undefined) {
    source.conversation = {};
    if (id !== undefined) source.conversation.id = cleanText(id);
    if (title !== undefined) source.conversation.title = cleanText(title);
  }
  if (turn.id !== undefined) source.messageId = cleanText(turn.id);
  if (time !== undefined) source.time = time;
  const model = answer?.model ?? conversation.model;
  if (model !== undefined) source.model = cleanText(model);
  if (turn.attachments !== undefined) {
    source.attachments = turn.attachments.map(({ name, text }) => ({
      ...name !== undefined && { name: cleanText(name) },
      ...text !== undefined && { text: cleanText(text) },
    }));
  }
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
