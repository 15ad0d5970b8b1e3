import { describeMean, toMoney, toScore } from "./formats.ts";
import { toVisible } from "../../../pipeline/visible_text.ts";

/** Something with a price and a quality. */
export interface Mark {
  name: string;
  /** USD of an answer. */
  cost: number;
  /** With its 95 % interval. */
  mean: number;
  low: number | null;
  high: number | null;
  /** Where it leads. */
  href: string;
}

/** Width, height and margins in the units of the drawing. */
const WIDTH = 480;
const HEIGHT = 240;
const LEFT = 66;
const RIGHT = 20;
const TOP = 14;
const BOTTOM = 26;
const LINE = 14;
/** Of a name, about. */
const LETTER = 6;
/** Beyond that many, names would cover the points. */
const MOST_NAMES = 12;

/** Those than which none is as good for less, and none better for as much. */
export function findFront(marks: Mark[]): Mark[] {
  return marks.filter((mark) =>
    !marks.some(({ cost, mean }) =>
      cost <= mark.cost && mean >= mark.mean &&
      (cost < mark.cost || mean > mark.mean)
    )
  ).sort((one, other) => one.cost - other.cost);
}

/** Places from 0 to 1; by powers where the dearest is ten times the cheapest or more. */
export function placeCosts(costs: number[]): number[] {
  const least = Math.min(...costs);
  const most = Math.max(...costs);
  const scale = least > 0 && most / least >= 10
    ? (cost: number) => Math.log(cost / least) / Math.log(most / least)
    : (cost: number) => most === 0 ? 0 : cost / most;
  return costs.map(scale);
}

/** Heights of names, in the order of the points, no two nearer to each other than a line. */
export function placeNames(heights: number[]): number[] {
  const order = heights.map((height, place) => ({ height, place }))
    .sort((one, other) => one.height - other.height);
  const placed: number[] = [];
  let free = -Infinity;
  for (const { height, place } of order) {
    placed[place] = Math.max(height, free);
    free = placed[place] + LINE;
  }
  // Who was pushed out of the drawing pushes back.
  let end = HEIGHT - BOTTOM;
  for (const { place } of order.toReversed()) {
    placed[place] = Math.min(placed[place], end);
    end = placed[place] - LINE;
  }
  return placed;
}

/** Whether the name of a mark beside it would lie over another mark. */
function crosses(
  place: number,
  marks: Mark[],
  xs: number[],
  ys: number[],
  isRight: boolean,
): boolean {
  const length = 9 + LETTER * shorten(marks[place].name).length;
  return xs.some((x, other) => {
    const away = isRight ? xs[place] - x : x - xs[place];
    return other !== place && away > 0 && away < length + 5 &&
      Math.abs(ys[other] - ys[place]) < LINE - 4;
  });
}

function shorten(name: string): string {
  return toVisible(name.length > 28 ? `${name.slice(0, 27)}…` : name);
}

/** Quality against cost. The table beside it says the same in figures. */
export function Scatter(
  { title, marks, missing }: {
    /** What the quality is measured by. */
    title: string;
    marks: Mark[];
    /** How many have no known cost or quality. */
    missing: number;
  },
) {
  if (marks.length === 0) {
    return <p class="hint">Nothing here has both a cost and a score yet.</p>;
  }
  const ends = marks.flatMap(({ mean, low, high }) => [
    low ?? mean,
    high ?? mean,
  ]);
  const least = Math.min(...ends);
  const most = Math.max(...ends, least + 1e-9);
  const xs = placeCosts(marks.map(({ cost }) => cost))
    .map((share) => LEFT + 10 + share * (WIDTH - LEFT - RIGHT - 20));
  const toY = (value: number) =>
    TOP + (HEIGHT - TOP - BOTTOM) * (most - value) / (most - least);
  const ys = marks.map(({ mean }) => toY(mean));
  const isRight = xs.map((x) => x > WIDTH * 0.6);
  // Names stand to the left of what is on the right, and meet only those of their side.
  const names = ys.map(() => 0);
  for (const side of [false, true]) {
    const places = [...ys.keys()].filter((place) => isRight[place] === side);
    const heights = places.map((place) =>
      crosses(place, marks, xs, ys, side) ? ys[place] + LINE : ys[place]
    );
    placeNames(heights).forEach((y, index) => {
      names[places[index]] = y;
    });
  }
  const front = findFront(marks);
  const cheapest = marks[xs.indexOf(Math.min(...xs))];
  const dearest = marks[xs.indexOf(Math.max(...xs))];
  return (
    <figure class="scatter">
      <figcaption>
        {toVisible(title)} against the cost of an answer.{" "}
        <span class="hint">
          Filled: nothing else is as good for less.
          {missing > 0 && ` ${missing} without a known cost or score.`}
        </span>
      </figcaption>
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        role="group"
        aria-label={`${title} against the cost of an answer`}
      >
        {[least, (least + most) / 2, most].map((value) => (
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
        <text x={LEFT + 10} y={HEIGHT - 6}>{toMoney(cheapest.cost)}</text>
        {dearest.cost !== cheapest.cost && (
          <text x={WIDTH - RIGHT} y={HEIGHT - 6} text-anchor="end">
            {toMoney(dearest.cost)}
          </text>
        )}
        <polyline
          class="front"
          points={front.map((mark) => {
            const place = marks.indexOf(mark);
            return `${xs[place]},${ys[place]}`;
          }).join(" ")}
        />
        {marks.map((mark, place) => (
          <Point
            key={mark.href}
            mark={mark}
            x={xs[place]}
            y={ys[place]}
            toY={toY}
            isFront={front.includes(mark)}
            isRight={isRight[place]}
            nameY={marks.length > MOST_NAMES ? undefined : names[place]}
          />
        ))}
      </svg>
    </figure>
  );
}

function Point({ mark, x, y, toY, isFront, isRight, nameY }: {
  mark: Mark;
  x: number;
  y: number;
  toY(value: number): number;
  isFront: boolean;
  isRight: boolean;
  /** Undefined: its name is only told to who points at it. */
  nameY?: number;
}) {
  const { name, cost, mean, low, high, href } = mark;
  const words = toVisible(
    `${name}: ${describeMean(mean, low, high)}, ${toMoney(cost)} an answer`,
  );
  return (
    <a href={href} class={isFront ? "point best" : "point"} aria-label={words}>
      <title>{words}</title>
      {low !== null && high !== null && (
        <line class="span" x1={x} x2={x} y1={toY(low)} y2={toY(high)} />
      )}
      <circle cx={x} cy={y} r={5} />
      {nameY !== undefined && (
        <text
          x={x + (isRight ? -9 : 9)}
          y={nameY + 4}
          text-anchor={isRight ? "end" : "start"}
        >
          {shorten(name)}
        </text>
      )}
    </a>
  );
}
