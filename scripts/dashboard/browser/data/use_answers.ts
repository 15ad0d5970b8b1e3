import { useEffect, useRef, useState } from "preact/hooks";
import {
  addNext,
  addPrevious,
  type AnswerWindow,
  beginWindow,
  PAGE_ROWS,
} from "./answer_window.ts";
import {
  type AnswerChoice,
  type AnswerPage,
  browseAnswers,
} from "./answers.ts";

/** Rows that a question looks at: the first answer comes soon, a long search goes on in greater steps. */
const FIRST_SCAN = 5_000;
const LATER_SCAN = 20_000;

/** The answers that the page holds, and how it gets others. */
export interface Answers {
  window?: AnswerWindow;
  problem?: string;
  /** How many answers a search has looked at that still goes on. */
  searched?: number;
  /** Rows that follow, or those before. */
  more(direction: "next" | "previous"): void;
  stop(): void;
  reload(): void;
  /** Asks anew for the rows that are held, without a change of place. */
  refresh(): void;
}

/**
 * Answers from a position on (null: from the first), more of them as they are looked at.
 *
 * @param choice undefined: not known yet
 */
export function useAnswers(
  choice: AnswerChoice | undefined,
  at: string | null,
): Answers {
  const [state, setState] = useState<
    Pick<Answers, "window" | "problem" | "searched">
  >({});
  const [round, setRound] = useState(0);
  const work = useRef<AbortController | undefined>(undefined);
  const question = choice && JSON.stringify([choice, at]);

  function search(
    window: AnswerWindow | undefined,
    direction: "next" | "previous",
  ): void {
    work.current?.abort();
    const end = new AbortController();
    work.current = end;
    let held = window;
    searchOn(choice!, window, at, direction, end.signal, (found, isOver) => {
      held = found;
      setState({ window: found, searched: isOver ? undefined : found.scanned });
      if (isOver && work.current === end) work.current = undefined;
    }).catch((error: Error) => {
      if (end.signal.aborted) return;
      work.current = undefined;
      // Not what is on the page: that may be of another choice.
      setState({ window: held, problem: error.message });
    });
  }

  function stop(): void {
    work.current?.abort();
    work.current = undefined;
    setState(({ window }) => ({ window }));
  }

  useEffect(() => {
    if (question === undefined) return;
    search(undefined, "next");
    return () => work.current?.abort();
  }, [question, round]);

  return {
    ...state,
    more(direction) {
      if (work.current || !state.window || state.window[direction] === null) {
        return;
      }
      search(state.window, direction);
    },
    stop,
    reload: () => setRound(round + 1),
    async refresh() {
      const held = state.window;
      if (!held || held.rows.length === 0) return;
      const { rows } = await browseAnswers(choice!, {
        after: held.previous,
        most: held.rows.length,
      });
      const fresh = new Map(rows.map((row) => [row.id, row]));
      setState((last) =>
        last.window === held
          ? {
            ...last,
            window: {
              ...held,
              rows: held.rows.map((row) => fresh.get(row.id) ?? row),
            },
          }
          : last
      );
    },
  };
}

/** Asks until a page is full or nothing is left, and tells what is found so far. */
async function searchOn(
  choice: AnswerChoice,
  from: AnswerWindow | undefined,
  at: string | null,
  direction: "next" | "previous",
  signal: AbortSignal,
  tell: (window: AnswerWindow, isOver: boolean) => void,
): Promise<void> {
  const backwards = direction === "previous";
  let window = from;
  for (let found = 0, isFirst = true;; isFirst = false) {
    const after = !window
      ? at
      : backwards
      ? isFirst ? window.rows[0]?.position ?? window.previous : window.previous
      : window.next;
    const page: AnswerPage = await browseAnswers(choice, {
      after,
      backwards,
      most: PAGE_ROWS,
      scan: isFirst ? FIRST_SCAN : LATER_SCAN,
    }, signal);
    if (signal.aborted) return;
    found += page.rows.length;
    window = !window
      ? beginWindow(at, page)
      : (backwards ? addPrevious : addNext)(window, page);
    const isOver = page.next === null || found >= PAGE_ROWS;
    tell(window, isOver);
    if (isOver) return;
  }
}
