/** Marks beside the words, so that colour is never alone. */
const MARKS: Record<string, string> = {
  queued: "○",
  running: "▶",
  paused: "‖",
  completed: "✓",
  failed: "✗",
  cancelled: "–",
};

/** The status of a run. */
export function Status({ status }: { status: string }) {
  return (
    <span class={`status ${status}`}>
      <span aria-hidden="true">{MARKS[status] ?? "?"}</span> {status}
    </span>
  );
}
