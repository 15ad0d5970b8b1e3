import { type ReadonlySignal, signal } from "@preact/signals";
import type { LabelItem, LabelProgress } from "./label_queue_answer.ts";
import type { labelCallsOf, Said } from "./label_queues.ts";

/** Where somebody is in a queue. */
export interface Turn {
  /** Undefined: not there yet; null: nothing is left. */
  item?: LabelItem | null;
  progress?: LabelProgress;
  isBusy: boolean;
  problem?: string;
  /** What was done last, in words. */
  news: string;
}

/** The way of one person through a queue. */
export interface Labelling {
  turn: ReadonlySignal<Turn>;
  /** Takes an item: the one that this person has already, or the next. */
  take(): Promise<void>;
  /** @param words what is said, for the news */
  label(said: Said, words: string): Promise<void>;
  skip(): Promise<void>;
  /** Takes the last label or skip back and shows its item again. */
  undo(): Promise<void>;
}

/** Begins a way through a queue. What is pressed while something is stored does nothing: it was meant for what one saw. */
export function createLabelling(
  calls: ReturnType<typeof labelCallsOf>,
): Labelling {
  const turn = signal<Turn>({ isBusy: false, news: "" });

  async function act(work: (now: Turn) => Promise<Partial<Turn>>) {
    const now = turn.value;
    if (now.isBusy) return;
    turn.value = { ...now, isBusy: true, problem: undefined };
    const changed = await work(now)
      .catch((error) => ({ problem: (error as Error).message }));
    turn.value = { ...turn.value, ...changed, isBusy: false };
  }

  async function next(news: string): Promise<Partial<Turn>> {
    const { items: [item = null], progress } = await calls.claim();
    return { item, progress, news };
  }

  return {
    turn,
    take: () => act(() => next("")),
    label: (said, words) =>
      act(async ({ item }) => {
        await calls.submit(item!.id, said);
        return await next(`${words}: stored.`);
      }),
    skip: () =>
      act(async ({ item }) => {
        await calls.skip(item!.id);
        return await next("Skipped: it comes back when nothing else is left.");
      }),
    undo: () =>
      act(async ({ progress }) => {
        const item = await calls.undo();
        if (!item) return { news: "There is nothing to undo." };
        const taken = item.label ? "mine" : "skipped";
        return {
          item,
          progress: {
            ...progress!,
            [taken]: progress![taken] - 1,
            open: progress!.open + 1,
          },
          news: "Taken back: say it again.",
        };
      }),
  };
}
