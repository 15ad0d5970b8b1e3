import type { Conversation } from "../conversation.ts";
import { buildAll, type ConversationFormat } from "../formats/format.ts";
import { describeShape, formatOf } from "../formats/formats.ts";
import { isObject, type JsonObject } from "../json.ts";
import type { ScannedRecord, ScanState } from "../records/scanner.ts";
import { attempt, type Collector, type ConversationSink } from "./collector.ts";

interface HeldCall {
  conversation: Conversation;
  index: number;
  format: string;
  /** Where the scan stood before its first record. */
  begin: ScanState;
}

/**
 * Reads records that hold whole conversations, each by the format that knows it. A log of calls
 * repeats the history in every call: the latest call is held back, and replaced when the next one
 * repeats it and goes on.
 */
export class RecordCollector implements Collector {
  /** Number of the next conversation. */
  #begun: number;
  readonly #format: ConversationFormat;
  readonly #sink: ConversationSink;
  #held: HeldCall | undefined;

  constructor(
    format: ConversationFormat,
    sink: ConversationSink,
    begun: number,
  ) {
    this.#format = format;
    this.#sink = sink;
    this.#begun = begun;
  }

  add({ value }: ScannedRecord, before: ScanState): void {
    const format = this.#format.matches(value)
      ? this.#format
      : formatOf([value]);
    const own = format === undefined && isObject(value)
      ? this.#format
      : undefined;
    if (own?.isEmpty?.(value as JsonObject)) {
      this.#take({ turns: [] }, this.#format.name, before);
    } else if (format === undefined) {
      const member = own?.lacksMessages?.(value as JsonObject);
      if (member !== undefined) {
        const reason = `it has no \`${member}\`, which holds the messages`;
        this.#sink.lose("unreadable_record", reason);
        return;
      }
      const reason = `no format has this shape: ${describeShape(value)}`;
      this.#sink.lose("unknown_shape", reason);
    } else if (format.kind === "refused") {
      this.#sink.lose("refused_format", format.reason);
    } else {
      const conversations = attempt(
        this.#sink,
        format,
        () =>
          format.kind === "conversation"
            ? format.read(value)
            : buildAll(format, isObject(value) ? [value] : []),
      );
      for (const conversation of conversations ?? []) {
        this.#take(conversation, format.name, before);
      }
    }
  }

  close(since = Infinity): void {
    // The latest call is never idle: the next record may repeat it.
    if (since === Infinity) this.#release();
  }

  resumeFrom(scan: ScanState) {
    const held = this.#held;
    return {
      scan: held?.begin ?? scan,
      begun: held?.index ?? this.#begun,
      open: [],
    };
  }

  #take(conversation: Conversation, format: string, begin: ScanState): void {
    const held = this.#held;
    if (held !== undefined && repeats(conversation, held.conversation)) {
      held.conversation = conversation;
      return;
    }
    this.#release();
    const index = this.#begun++;
    if (conversation.isCall === true) {
      this.#held = { conversation, index, format, begin };
    } else this.#sink.give(conversation, index, format);
  }

  #release(): void {
    const held = this.#held;
    this.#held = undefined;
    if (held === undefined) return;
    this.#sink.give(held.conversation, held.index, held.format);
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
