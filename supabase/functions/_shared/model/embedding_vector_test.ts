import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { cosineOf, packVector, packVectors } from "./embedding_vector.ts";

function base64Of(numbers: number[]): string {
  const bytes = new Uint8Array(new Float32Array(numbers).buffer);
  return btoa(String.fromCharCode(...bytes));
}

Deno.test("cosineOf() tells the angle between packed vectors, whatever their lengths", () => {
  const cosine = (a: number[], b: number[]) =>
    cosineOf(packVector(a), packVector(b))!;
  assertAlmostEquals(cosine([1, 2, 3], [2, 4, 6]), 1, 1e-4);
  assertAlmostEquals(cosine([1, 0], [0, 5]), 0, 1e-4);
  assertAlmostEquals(cosine([1, 0], [-1e-9, 0]), -1, 1e-4);
});

Deno.test("packVector() keeps the angle between real embeddings to four places", () => {
  let seed = 1;
  const random = () => (seed = seed * 16_807 % 2_147_483_647) / 2_147_483_647;
  const near = (vector: number[]) =>
    vector.map((value) => value + (random() - 0.5) * 0.05);
  const a = Array.from({ length: 1536 }, () => (random() - 0.5) * 0.1);
  const b = near(a);
  const dot = (x: number[], y: number[]) =>
    x.reduce((sum, value, place) => sum + value * y[place], 0);
  const exact = dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
  assertAlmostEquals(cosineOf(packVector(a), packVector(b))!, exact, 1e-4);
  assert(packVector(a).length <= 4096);
});

Deno.test("cosineOf() gives nothing for vectors of different spaces", () => {
  assertEquals(cosineOf(packVector([1, 2]), packVector([1, 2, 3])), undefined);
});

Deno.test("packVectors() takes lists of numbers and float32 in base64", () => {
  const [listed] = JSON.parse(packVectors([[0.5, -1, 0.25]])!);
  const [encoded] = JSON.parse(packVectors([base64Of([0.5, -1, 0.25])])!);
  assertEquals(listed, encoded);
});

Deno.test("packVectors() takes nothing that is no vector", () => {
  for (
    const vector of [
      undefined,
      null,
      [],
      [0, 0],
      ["1"],
      [NaN],
      {},
      "",
      "not base64!",
      "QUI=",
      "AAAAA",
      "AAAAA=",
      base64Of([0, 0]),
      base64Of([NaN]),
      "A".repeat(1_000_000),
      new Array(20_000).fill(1),
    ]
  ) {
    assertEquals(packVectors([[1], vector]), undefined);
  }
  assertEquals(packVectors([]), undefined);
});
