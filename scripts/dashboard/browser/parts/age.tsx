import { toDuration } from "./formats.ts";

/** How long ago, with the whole time for those who point at it. */
export function Age(
  { at, now = Date.now() }: { at: string | null; now?: number },
) {
  if (at === null) return <>–</>;
  const then = new Date(at);
  return (
    <time dateTime={at} title={then.toLocaleString()}>
      {toDuration(
        Math.max(0, Math.floor((now - then.getTime()) / 1_000) * 1_000),
      )
        .replace("0 ms", "now")}
    </time>
  );
}
