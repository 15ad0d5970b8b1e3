import type { WatchStatus } from "../data/watches.ts";

/** Marks beside the words, so that colour is never alone. */
const SIGNS = {
  learning: { mark: "…", words: "learning", class: "hint" },
  quiet: { mark: "✓", words: "quiet", class: "good" },
  alarm: { mark: "!", words: "alarm", class: "bad" },
};

/** Whether what comes scores as it is used to. */
export function Alarm({ status: { alarm } }: { status: WatchStatus }) {
  const { mark, words, class: look } = SIGNS[alarm];
  return (
    <span class={look}>
      <span aria-hidden="true">{mark}</span> {words}
    </span>
  );
}
