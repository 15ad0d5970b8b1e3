/** Width and height of a chart's own units. */
const WIDTH = 300;
const HEIGHT = 60;

/** Points of a line, as SVG writes them, in pieces: what is not known is a gap. */
export function toPieces(
  times: number[],
  values: (number | null)[],
  most: number,
): string[] {
  const first = times[0];
  const span = Math.max(1, times.at(-1)! - first);
  const pieces: string[][] = [[]];
  values.forEach((value, place) => {
    if (value === null) return pieces.push([]);
    const x = WIDTH * (times[place] - first) / span;
    const y = HEIGHT - (HEIGHT - 2) * value / most;
    pieces.at(-1)!.push(`${x.toFixed(1)},${y.toFixed(1)}`);
  });
  return pieces.filter((piece) => piece.length > 0)
    .map((piece) =>
      piece.length === 1 ? `${piece[0]} ${piece[0]}` : piece.join(" ")
    );
}

/** A small chart of values over time from 0 to the highest; its words say the last and the highest. */
export function LineChart({ title, times, lines, format }: {
  title: string;
  /** Milliseconds, ascending. */
  times: number[];
  /** A value for each time; null: not known. */
  lines: (number | null)[][];
  format(value: number | null): string;
}) {
  const known = lines.flat().filter((value) => value !== null);
  const highest = Math.max(0, ...known);
  const last = lines.map((values) =>
    format(values.findLast((value) => value !== null) ?? null)
  ).join(" and ");
  const words = known.length === 0
    ? "not known"
    : `${last} at last, ${format(highest)} at most`;
  return (
    <figure class="chart">
      <figcaption>
        {title}: <span class="hint">{words}</span>
      </figcaption>
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`${title}: ${words}`}
      >
        {lines.map((values, line) =>
          toPieces(times, values, highest || 1).map((points, piece) => (
            <polyline
              key={`${line} ${piece}`}
              class={`line line-${line}`}
              points={points}
            />
          ))
        )}
      </svg>
    </figure>
  );
}
