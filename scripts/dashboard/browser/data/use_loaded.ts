import { useLayoutEffect, useState } from "preact/hooks";
import { askInTurn, hearOthers, rest } from "./take_turns.ts";

/** What a screen shows while it waits, when it knows, and when something went wrong. */
export interface Loaded<Value> {
  /** The newest; of another question while `isLoading`, unless `isOwn`. */
  value?: Value;
  isOwn: boolean;
  problem?: string;
  isLoading: boolean;
  /** Asks now. */
  reload(): void;
}

/**
 * Asks the project, and again after a while as long as the page can be seen.
 *
 * @param question names what `load` asks for: another question is asked at once, and undefined asks nothing
 * @param again after how many milliseconds; undefined: never
 */
export function useLoaded<Value>(
  question: string | undefined,
  load: (signal: AbortSignal) => Promise<Value>,
  again: (value: Value) => number | undefined = () => undefined,
): Loaded<Value> {
  const [state, setState] = useState<Answered<Value>>({ isLoading: true });
  const [round, setRound] = useState(0);
  // Asked before the browser paints that it waits.
  useLayoutEffect(() => {
    if (question === undefined) return;
    const end = new AbortController();
    setState((last) => last.isLoading ? last : { ...last, isLoading: true });
    follow(question, load, again, end.signal, (outcome) => {
      if (!end.signal.aborted) {
        setState((last) => hearOutcome(last, question, outcome));
      }
    });
    return () => end.abort();
  }, [question, round]);
  const { value, problem, of, isLoading } = state;
  return {
    value,
    isOwn: of === question,
    problem,
    // At the first sight of a question it is not asked yet.
    isLoading: question !== undefined && (isLoading || of !== question),
    reload: () => setRound(round + 1),
  };
}

/** What was heard last, and of which question. */
interface Answered<Value> {
  value?: Value;
  problem?: string;
  of?: string;
  isLoading: boolean;
}

/** Failed, a question leaves what was known of it, and nothing of another one. */
export function hearOutcome<Value>(
  last: Answered<Value>,
  question: string,
  outcome: { value: Value } | { problem: string },
): Answered<Value> {
  return {
    value: last.of === question ? last.value : undefined,
    ...outcome,
    of: question,
    isLoading: false,
  };
}

/** After a failure it asks again, first after 2 s, at last every 10 s. */
async function follow<Value>(
  question: string,
  load: (signal: AbortSignal) => Promise<Value>,
  again: (value: Value) => number | undefined,
  signal: AbortSignal,
  tell: (outcome: { value: Value } | { problem: string }) => void,
): Promise<void> {
  let due: number | undefined;
  let heardAt = -Infinity;
  const hear = (value: Value) => {
    heardAt = performance.now();
    const pause = again(value);
    due = pause === undefined ? undefined : heardAt + pause;
    tell({ value });
  };
  hearOthers(question, hear, signal);
  for (let failures = 0, asked = 0; !signal.aborted; asked++) {
    const begun = performance.now();
    const isHeard = () => heardAt >= begun;
    try {
      if (asked === 0) hear(await load(signal));
      else await askInTurn(question, () => load(signal), isHeard, hear, signal);
      failures = 0;
    } catch (error) {
      if (signal.aborted) return;
      tell({ problem: (error as Error).message });
      due = performance.now() + Math.min(2_000 * 2 ** failures++, 10_000);
    }
    // What another tab hears puts it off.
    while (due !== undefined && due > performance.now() && !signal.aborted) {
      await rest(due - performance.now(), signal);
    }
    if (due === undefined) return;
    await untilSeen(signal);
  }
}

/** A page that nobody sees asks nothing. */
function untilSeen(signal: AbortSignal): Promise<void> {
  if (!document.hidden) return Promise.resolve();
  return new Promise((resolve) => {
    const look = () => {
      if (document.hidden && !signal.aborted) return;
      document.removeEventListener("visibilitychange", look);
      resolve();
    };
    document.addEventListener("visibilitychange", look, { signal });
    signal.addEventListener("abort", look, { once: true });
  });
}
