import type { Turn } from "../conversation.ts";
import { type JsonObject, textOrUndefined } from "../json.ts";
import { leaveOut } from "../left_out.ts";
import { isFromProgram, typedText } from "./claude_code_turn.ts";
import { textOf } from "./text_of.ts";

/** How the same message can be written. */
type Written = "attachment" | "absorbed" | "user";

interface Delivered {
  turn: Turn;
  as: Set<Written>;
  /** The id that its `user` row has, where it will have one. */
  rowId: string | undefined;
  /** Turns of the session when it was delivered. */
  at: number;
}

/**
 * What people type while Claude Code works. `enqueue` puts a text in, then one of three takes it out:
 * `dequeue` (a `user` row follows), `remove` with reason `absorbed_mid_turn` (told to the model inside
 * of the running turn, no `user` row) and `popAll` (back into the input line). An attachment
 * `queued_command` is the record of an absorbed one, before or behind its `remove`. A `remove` without
 * a reason and without an attachment does not tell whether the model saw the text: it is counted as
 * left out.
 */
export class ClaudeCodeQueue {
  readonly #turns: Turn[];
  readonly #waiting: { text: string; record: JsonObject }[] = [];
  readonly #delivered: Delivered[] = [];
  /** Texts that were taken out without a reason. */
  #removed: { text: string; record: JsonObject }[] = [];

  constructor(turns: Turn[]) {
    this.#turns = turns;
  }

  /** Takes a `queue-operation`; true when it delivers a prompt. */
  move(record: JsonObject): boolean {
    const { operation, reason } = record;
    const text = textOf(record.content);
    if (operation === "enqueue") {
      this.#waiting.push({ text, record });
      leaveOut("queue-operation/waits", record);
      return false;
    }
    if (operation === "popAll") {
      this.#waiting.length = 0;
      leaveOut("queue-operation/taken back", record);
      return false;
    }
    const named = this.#waiting.findIndex((one) => one.text === text);
    const [taken] = this.#waiting.splice(Math.max(0, named), 1);
    const words = text || taken?.text || "";
    if (operation !== "remove" || words === "") return false;
    const typed = isTask(words) ? "" : typedText([words]);
    if (typed === "") {
      leaveOut("queue-operation/not a prompt", record);
      return false;
    }
    if (this.knows(typed, "absorbed")) return false;
    if (reason !== "absorbed_mid_turn") {
      // An attachment may follow, and is the turn then.
      this.#removed.push({ text: typed, record });
      return false;
    }
    return this.#deliver("absorbed", typed, record, undefined);
  }

  /** Takes an attachment `queued_command`; true when it delivers a prompt. */
  deliver(record: JsonObject, attachment: JsonObject): boolean {
    const mode = attachment.commandMode ?? "prompt";
    const words = textOf(attachment.prompt);
    const typed = typedText([words]);
    if (
      mode !== "prompt" || attachment.isMeta === true || typed === "" ||
      record.isSidechain === true || isFromProgram(record) ||
      isFromProgram(attachment)
    ) {
      leaveOut("attachment/queued_command/not a prompt", record);
      return false;
    }
    if (this.knows(typed, "attachment")) return false;
    const rowId = textOrUndefined(attachment.source_uuid);
    return this.#deliver("attachment", typed, record, rowId);
  }

  /** Counts what was taken out and never delivered, when no more records come. */
  close(): void {
    for (const { record } of this.#removed.splice(0)) {
      leaveOut("queue-operation/removed", record);
    }
  }

  /** True when this was written in another way before: both are one message. */
  knows(text: string, as: Written, id?: string): boolean {
    const known = this.#delivered.find((one) =>
      !one.as.has(as) && (
        (id !== undefined && one.rowId === id) ||
        (one.turn.text === text && (as !== "user" || this.#isFresh(one)))
      )
    );
    if (known !== undefined) known.as.add(as);
    else if (as === "user") return false;
    else return this.#isLastTyped(text, as);
    return true;
  }

  /** No answer came since: the same words typed again later are another message. */
  #isFresh({ at }: Delivered): boolean {
    return this.#turns.slice(at + 1).every(({ role }) => role === "user");
  }

  /** The `user` row of a message that was dequeued may come before its attachment. */
  #isLastTyped(text: string, as: Written): boolean {
    const last = this.#turns.at(-1);
    if (last?.role !== "user" || last.text !== text) return false;
    if (this.#delivered.some(({ turn }) => turn === last)) return false;
    const at = this.#turns.length - 1;
    const known = new Set<Written>(["user", as]);
    this.#delivered.push({ turn: last, as: known, rowId: undefined, at });
    return true;
  }

  #deliver(
    as: Written,
    text: string,
    record: JsonObject,
    rowId: string | undefined,
  ): true {
    this.#removed = this.#removed.filter((one) => one.text !== text);
    const before = this.#turns.at(-1)?.time;
    const own = record.timestamp;
    const turn: Turn = { role: "user", text };
    // Some versions write the time of typing, which is before what the model said until it saw this.
    const time = typeof before === "string" && typeof own === "string" &&
        before > own
      ? before
      : own;
    if (time !== undefined && time !== null) turn.time = time;
    const id = textOrUndefined(record.uuid);
    if (id !== undefined) turn.id = id;
    const at = this.#turns.push(turn) - 1;
    this.#delivered.push({ turn, as: new Set([as]), rowId, at });
    return true;
  }
}

/** Background tasks are queued as JSON text. */
function isTask(text: string): boolean {
  return /^\s*\{\s*"(?:task_id|tool_use_id)"/.test(text);
}
