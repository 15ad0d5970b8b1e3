import type { Conversation } from "../conversation.ts";
import { buildAll, type ConversationFormat } from "../formats/format.ts";
import { describeShape, formatOf } from "../formats/formats.ts";
import { isObject } from "../json.ts";
import type { ScanState } from "../records/scanned_record.ts";
import {
  attempt,
  type Collected,
  type Collector,
  type OpenPlace,
  type Outcome,
  type PlacedRecord,
} from "./collector.ts";

interface HeldCall extends Collected {
  begin: ScanState;
}

/**
 * Reads records that hold whole conversations, each by the format that knows it. A log of calls
 * repeats the history in every call: the latest call is held back, and replaced when the next one
 * repeats it and goes on.
 */
export class RecordCollector implements Collector {
  begun: number;
  readonly #format: ConversationFormat;
  #held: HeldCall | undefined;

  constructor(format: ConversationFormat, begun: number) {
    this.#format = format;
    this.begun = begun;
  }

  add(record: PlacedRecord): Outcome {
    const { value } = record;
    const format = this.#format.matches(value)
      ? this.#format
      : formatOf([value]);
    if (
      format === undefined && isObject(value) &&
      this.#format.lacksMessages?.(value)
    ) return { collected: this.#takeEmpty(record) };
    if (format === undefined) {
      const reason = `no format has this shape: ${describeShape(value)}`;
      return { collected: [], loss: { code: "unknown_shape", reason } };
    }
    if (format.kind === "refused") {
      const { reason } = format;
      return { collected: [], loss: { code: "refused_format", reason } };
    }
    return attempt(() => {
      const conversations = format.kind === "conversation"
        ? format.read(value)
        : buildAll(format, isObject(value) ? [value] : []);
      const collected: Collected[] = [];
      for (const conversation of conversations) {
        this.#take(conversation, format.name, record, collected);
      }
      return collected;
    });
  }

  close(since = Infinity): Outcome[] {
    // The latest call is never idle: the next record may repeat it.
    return since === Infinity ? [{ collected: this.#release() }] : [];
  }

  openPlace(): OpenPlace | undefined {
    return this.#held &&
      { begin: this.#held.begin, begun: this.#held.index, open: [] };
  }

  /** Takes a conversation; what is given out for it goes into `collected`. */
  #take(
    conversation: Conversation,
    format: string,
    { before }: PlacedRecord,
    collected: Collected[],
  ): void {
    const held = this.#held;
    if (held !== undefined && repeats(conversation, held.conversation)) {
      held.conversation = conversation;
      return;
    }
    collected.push(...this.#release());
    const index = this.begun++;
    if (conversation.isCall === true) {
      this.#held = { conversation, index, format, begin: before };
    } else collected.push({ conversation, index, format });
  }

  #takeEmpty(record: PlacedRecord): Collected[] {
    const collected: Collected[] = [];
    this.#take({ turns: [] }, this.#format.name, record, collected);
    return collected;
  }

  #release(): Collected[] {
    const held = this.#held;
    this.#held = undefined;
    return held === undefined ? [] : [held];
  }
}

/** True when a call has all turns of the one before it and more. */
function repeats(call: Conversation, before: Conversation): boolean {
  return call.isCall === true && before.turns.length > 0 &&
    before.turns.length < call.turns.length &&
    before.turns.every(({ role, text }, index) =>
      call.turns[index].text === text && call.turns[index].role === role
    );
}
