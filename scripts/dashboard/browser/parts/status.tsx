/** Marks beside the words, so that colour is never alone. */
const MARKS: Record<string, string> = {
  queued: "○",
  running: "▶",
  paused: "‖",
  completed: "✓",
  failed: "✗",
  cancelled: "–",
  active: "▶",
  "stands still": "!",
};

/** The status of a run, a sweep or a watch. */
export function Status({ status }: { status: string }) {
  return (
    <span class={`status ${status.replaceAll(" ", "-")}`}>
      <span aria-hidden="true">{MARKS[status] ?? "?"}</span> {status}
    </span>
  );
}
