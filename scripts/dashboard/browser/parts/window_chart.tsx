import { toVisible } from "../../../pipeline/visible_text.ts";
import { describeMean, toNumber, toScore } from "./formats.ts";

/** A window of turns and what they scored. */
export interface WindowMark {
  key: string | number;
  /** Milliseconds: when it was over. */
  at: number;
  turns: number;
  /** With its 95 % interval; null: nothing of it has a score. */
  mean: number | null;
  low: number | null;
  high: number | null;
  /** Between what a mean gives no alarm; null: nothing to measure it by yet. */
  bandLow: number | null;
  bandHigh: number | null;
  isAlarm: boolean;
  href: string;
}

/** Width, height and margins in the units of the drawing. */
const WIDTH = 640;
const HEIGHT = 220;
const LEFT = 64;
const RIGHT = 20;
const TOP = 14;
const BOTTOM = 34;

/** The lowest and the highest that is drawn; undefined: there is nothing to draw. */
export function scaleOf(
  windows: WindowMark[],
  baseline: number | null,
): { least: number; most: number } | undefined {
  const ends = windows.flatMap(({ mean, low, high, bandLow, bandHigh }) =>
    mean === null ? [] : [mean, low, high, bandLow, bandHigh]
  ).concat(baseline).filter((value) => value !== null);
  if (!windows.some(({ mean }) => mean !== null)) return undefined;
  return { least: Math.min(...ends), most: Math.max(...ends) };
}

/**
 * Means of windows over time with their intervals, and between what they give no alarm. Windows are not
 * joined by a line: between two of them nothing was measured. The table beside it says the same.
 */
export function WindowChart({ title, windows, baseline }: {
  title: string;
  /** In the order of time. */
  windows: WindowMark[];
  baseline: number | null;
}) {
  const scale = scaleOf(windows, baseline);
  if (!scale) return <p class="hint">No window has a score yet.</p>;
  const { least, most } = scale;
  const first = windows[0].at;
  const span = windows.at(-1)!.at - first;
  const toX = (at: number) =>
    LEFT + 10 +
    (WIDTH - LEFT - RIGHT - 20) * (span === 0 ? 0.5 : (at - first) / span);
  const toY = (value: number) =>
    TOP + (HEIGHT - TOP - BOTTOM) *
      (most === least ? 0.5 : (most - value) / (most - least));
  const alarms = windows.filter(({ isAlarm }) => isAlarm).length;
  const label = `${title} over time`;
  return (
    <figure class="scatter windows">
      <figcaption>
        {toVisible(label)}.{" "}
        <span class="hint">
          A mark is a window with its 95 % interval; the band is where a mean
          gives no alarm. {alarms === 0
            ? "No window gave an alarm."
            : `${toNumber(alarms)} with an alarm, drawn as a square.`}
        </span>
      </figcaption>
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        role="group"
        aria-label={toVisible(label)}
      >
        <Band windows={windows} toX={toX} toY={toY} />
        {(most === least ? [most] : [least, (least + most) / 2, most]).map((
          value,
        ) => (
          <g key={value}>
            <line
              class="grid"
              x1={LEFT}
              x2={WIDTH - RIGHT}
              y1={toY(value)}
              y2={toY(value)}
            />
            <text x={LEFT - 6} y={toY(value) + 4} text-anchor="end">
              {toScore(value)}
            </text>
          </g>
        ))}
        {baseline !== null && (
          <line
            class="front"
            x1={LEFT}
            x2={WIDTH - RIGHT}
            y1={toY(baseline)}
            y2={toY(baseline)}
          />
        )}
        <text x={LEFT + 10} y={HEIGHT - 6}>{toTime(first)}</text>
        {span > 0 && (
          <text x={WIDTH - RIGHT} y={HEIGHT - 6} text-anchor="end">
            {toTime(first + span)}
          </text>
        )}
        {windows.map((window) =>
          window.mean !== null && (
            <Mark
              key={window.key}
              window={{ ...window, mean: window.mean }}
              x={toX(window.at)}
              toY={toY}
            />
          )
        )}
      </svg>
    </figure>
  );
}

/** A strip from window to window; a single one is as wide as a mark. */
function Band({ windows, toX, toY }: {
  windows: WindowMark[];
  toX(at: number): number;
  toY(value: number): number;
}) {
  const held = windows.flatMap(({ at, bandLow, bandHigh }) =>
    bandLow === null || bandHigh === null
      ? []
      : [{ x: toX(at), low: toY(bandLow), high: toY(bandHigh) }]
  );
  if (held.length === 0) return null;
  const ends = [
    { ...held[0], x: held[0].x - 8 },
    ...held,
    { ...held.at(-1)!, x: held.at(-1)!.x + 8 },
  ];
  const upper = ends.map(({ x, high }) => `${x},${high}`);
  const lower = ends.toReversed().map(({ x, low }) => `${x},${low}`);
  return <polygon class="band" points={[...upper, ...lower].join(" ")} />;
}

function Mark({ window, x, toY }: {
  window: WindowMark & { mean: number };
  x: number;
  toY(value: number): number;
}) {
  const { at, turns, mean, low, high, isAlarm, href } = window;
  const words = `${isAlarm ? "Alarm: " : ""}${describeMean(mean, low, high)}, ${
    toNumber(turns)
  } turns until ${toTime(at)}`;
  return (
    <a href={href} class={isAlarm ? "point alarm" : "point"} aria-label={words}>
      <title>{words}</title>
      {low !== null && high !== null && (
        <line class="span" x1={x} x2={x} y1={toY(low)} y2={toY(high)} />
      )}
      {isAlarm
        ? <rect x={x - 5} y={toY(mean) - 5} width={10} height={10} />
        : <circle cx={x} cy={toY(mean)} r={4} />}
    </a>
  );
}

function toTime(at: number): string {
  return new Date(at).toLocaleString(undefined, {
    dateStyle: "medium",
    timeStyle: "short",
  });
}
