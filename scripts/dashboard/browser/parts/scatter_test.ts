import { assert, assertEquals } from "@std/assert";
import { h } from "preact";
import { renderToStaticMarkup } from "preact-render-to-string";
import {
  findFront,
  type Mark,
  placeCosts,
  placeNames,
  Scatter,
} from "./scatter.tsx";

const mark = (name: string, cost: number, mean: number): Mark => ({
  name,
  cost,
  mean,
  low: null,
  high: null,
  href: "",
});

Deno.test("findFront() has what nothing beats for less, the cheapest first", () => {
  const front = findFront([
    mark("large", 1, 0.9),
    mark("dear", 2, 0.9),
    mark("small", 0.1, 0.8),
    mark("poor", 0.5, 0.7),
  ]);
  assertEquals(front.map(({ name }) => name), ["small", "large"]);
});

Deno.test("findFront() has both of two that are equal", () => {
  assertEquals(findFront([mark("a", 1, 1), mark("b", 1, 1)]).length, 2);
});

Deno.test("placeCosts() begins at 0, and goes by powers over a wide range", () => {
  assertEquals(placeCosts([1, 2, 4]), [0.25, 0.5, 1]);
  assertEquals(placeCosts([0.01, 0.1, 1]).map((place) => place.toFixed(2)), [
    "0.00",
    "0.50",
    "1.00",
  ]);
  assertEquals(placeCosts([0, 0]), [0, 0]);
  assertEquals(placeCosts([0, 5]), [0, 1]);
});

Deno.test("placeNames() keeps names apart, in the drawing and in their order", () => {
  const heights = [100, 101, 99, 213, 214, 214];
  const placed = placeNames(heights);
  const sorted = placed.toSorted((one, other) => one - other);
  sorted.slice(1).forEach((place, index) => {
    assert(place - sorted[index] >= 14);
  });
  assert(Math.max(...placed) <= 214);
  assert(placed[2] < placed[0] && placed[0] < placed[1]);
});

Deno.test("Scatter() writes a name below the points that it would lie over", () => {
  const drawn = renderToStaticMarkup(h(Scatter, {
    title: "judge",
    marks: [
      mark("cheap", 0.1, 0.5),
      mark("large", 7.5, 1),
      mark("the dearest of all", 9, 1),
    ],
    missing: 0,
  }));
  const heightOf = (name: string) =>
    Number(new RegExp(`y="([\\d.]+)"[^>]*>${name}<`).exec(drawn)![1]);
  assert(heightOf("the dearest of all") >= heightOf("large") + 14);
});
