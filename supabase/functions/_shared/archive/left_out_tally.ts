import type { Turn } from "./conversation.ts";

/** Texts of one kind that a file has and that are no turns; plain JSON. */
export interface LeftOutKind {
  count: number;
  /** Where the first of them stands. */
  record: number;
  offset: number;
  /** Why it was left out; absent for what the format does not know. */
  reason?: string;
}

/** What a cursor keeps of a file that is not read to its end. */
export interface LeftOutState {
  kinds: Record<string, LeftOutKind>;
  /** Turns of people, whether the options let them pass or not. */
  userTurns: number;
  prompts: number;
}

/** What was left out of a file, told at its end: one kind, or why there is no prompt at all. */
export interface LeftOut {
  code: "unknown_text" | "no_prompts";
  /** Such as `attachment/queued_command`; absent for `no_prompts`. */
  kind?: string;
  count: number;
  message: string;
  /** Where the first of them stands. */
  record: number;
  offset: number;
  entry?: string;
}

// Names of kinds come from the file: their number must have an end.
const MOST_KINDS = 40;
const OTHER_KINDS = "other kinds";

/** Counts what is left out of one file. */
export class LeftOutTally {
  #kinds: Map<string, LeftOutKind>;
  #userTurns: number;
  #prompts: number;

  constructor(from?: LeftOutState) {
    this.#kinds = new Map(Object.entries(structuredClone(from?.kinds ?? {})));
    this.#userTurns = from?.userTurns ?? 0;
    this.#prompts = from?.prompts ?? 0;
  }

  get state(): LeftOutState {
    return {
      kinds: structuredClone(Object.fromEntries(this.#kinds)),
      userTurns: this.#userTurns,
      prompts: this.#prompts,
    };
  }

  add(
    name: string,
    reason: string | undefined,
    { record, offset }: { record: number; offset: number },
  ): void {
    const isNew = !this.#kinds.has(name);
    const kind = isNew && this.#kinds.size >= MOST_KINDS ? OTHER_KINDS : name;
    const known = this.#kinds.get(kind);
    if (known !== undefined) known.count++;
    else {
      this.#kinds.set(kind, {
        count: 1,
        record,
        offset,
        ...reason !== undefined && { reason },
      });
    }
  }

  /** Counts the turns of a conversation and the prompts that were made of them. */
  addTurns(turns: readonly Turn[], prompts: number): void {
    this.#prompts += prompts;
    for (const { role } of turns) if (role === "user") this.#userTurns++;
  }

  /** What there is to tell of a file that was read as `format` to its end. */
  toLeftOut(file: string, format: string): LeftOut[] {
    const told: LeftOut[] = [];
    for (const [kind, { reason, ...found }] of this.#kinds) {
      if (reason !== undefined) continue;
      const { count, record, offset } = found;
      const texts = count === 1 ? "1 text" : `${count} texts`;
      told.push({
        code: "unknown_text",
        kind,
        ...found,
        message:
          `Left out of ${file}: ${texts} of the kind ${kind}, the first in record ${record} at byte ${offset}; ${format} does not know this kind`,
      });
    }
    const why = this.#prompts === 0 ? this.#whyNone() : undefined;
    if (why !== undefined) {
      told.push({
        code: "no_prompts",
        count: 0,
        record: 0,
        offset: 0,
        message: `No prompt in ${file}, read as ${format}: ${why}`,
      });
    }
    return told;
  }

  #whyNone(): string | undefined {
    if (this.#userTurns > 0) {
      return `the options let none of ${this.#userTurns} turns of a person pass`;
    }
    const kinds = [...this.#kinds].map(([kind, { count, reason }]) =>
      `${count} × ${kind} (${reason ?? "unknown"})`
    );
    return kinds.length > 0
      ? `all that it has is left out, ${kinds.join(", ")}`
      : undefined;
  }
}
