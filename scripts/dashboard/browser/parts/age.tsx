import { toDuration } from "./formats.ts";

/** How long ago, with the whole time for those who point at it (made only then: see formats.ts). */
export function Age(
  { at, now = Date.now() }: { at: string | null; now?: number },
) {
  if (at === null) return <>–</>;
  const then = new Date(at);
  const seconds = Math.floor((now - then.getTime()) / 1_000);
  return (
    <time
      dateTime={at}
      onPointerEnter={({ currentTarget }) => {
        currentTarget.title = then.toLocaleString();
      }}
    >
      {seconds < 1 ? "a moment" : toDuration(seconds * 1_000, 1)}
    </time>
  );
}

/** A moment by the reader's own clock: some languages write it with marks of direction, which are no stranger's. */
export function Clock(
  { at, withDay }: { at: string; withDay?: boolean },
) {
  const time = new Date(at);
  return <>{withDay ? time.toLocaleString() : time.toLocaleTimeString()}</>;
}

/** The same as words: `3 min ago`. */
export function Ago({ at }: { at: string | null }) {
  if (at === null) return <>not yet</>;
  return (
    <>
      <Age at={at} /> ago
    </>
  );
}
