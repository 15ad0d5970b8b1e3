import { type ReadonlySignal, signal } from "@preact/signals";
import type { LabelItem, Said } from "./label_queues.ts";

/** What labelling asks of the project. */
export interface LabelCalls {
  /** Gives an item to this person: of one they have already; null: none is left for them. */
  claim(item?: number): Promise<LabelItem | null>;
  submit(item: number, said: Said): Promise<unknown>;
  skip(item: number): Promise<unknown>;
}

/** Where somebody is in a queue. */
export interface Turn {
  /** Undefined: not asked for yet; null: nothing is left. */
  item?: LabelItem | null;
  isBusy: boolean;
  problem?: string;
  /** What was done last, in words. */
  news: string;
  /** Items that were labelled or skipped, the last one last. */
  done: number[];
}

/** The way of one person through a queue. */
export interface Labelling {
  turn: ReadonlySignal<Turn>;
  begin(): Promise<void>;
  label(said: Said, words: string): Promise<void>;
  skip(): Promise<void>;
  /** Goes back to what was labelled or skipped last; saying it again takes its place. */
  undo(): Promise<void>;
}

/** Begins a way through a queue. What is pressed while something is stored does nothing: it was meant for what one saw. */
export function createLabelling(calls: LabelCalls): Labelling {
  const turn = signal<Turn>({ isBusy: false, news: "", done: [] });

  async function act(work: (now: Turn) => Promise<Partial<Turn>>) {
    const now = turn.value;
    if (now.isBusy) return;
    turn.value = { ...now, isBusy: true, problem: undefined };
    const changed = await work(now)
      .catch((error) => ({ problem: (error as Error).message }));
    turn.value = { ...turn.value, ...changed, isBusy: false };
  }

  /** Should the next one not come, pressing again stores the same once more. */
  const leave = (news: string, store: (item: number) => Promise<unknown>) =>
    act(async ({ item, done }) => {
      if (!item) return {};
      await store(item.id);
      return {
        item: await calls.claim(),
        done: [...done.filter((id) => id !== item.id), item.id],
        news,
      };
    });

  return {
    turn,
    begin: () => act(async () => ({ item: await calls.claim() })),
    label: (said, words) =>
      leave(`${words}: stored.`, (item) => calls.submit(item, said)),
    skip: () => leave("Skipped: it comes back at the end.", calls.skip),
    undo: () =>
      act(async ({ done }) => {
        const last = done.at(-1);
        if (last === undefined) return {};
        return {
          item: await calls.claim(last),
          done: done.slice(0, -1),
          news: "This is the one before. Say it again to change it.",
        };
      }),
  };
}
