import { assertEquals, assertStrictEquals } from "@std/assert";
import { collect } from "./collect.ts";
import type { Fixture } from "./fixture.ts";

/** Adds a test for each fixture: its format, conversations, prompts and answers come out. */
export function testFixtures(name: string, ...fixtures: Fixture[]): void {
  for (const fixture of fixtures) {
    Deno.test(`${name} ${fixture.shows}`, () => expectFixture(fixture));
  }
}

async function expectFixture(fixture: Fixture): Promise<void> {
  const { archive, format, conversations, texts } = fixture;
  const { references, passages, times, metadata, current } = fixture;
  const { errors, end, leftOut, ...read } = await collect(archive);
  assertEquals(read.texts, texts);
  assertEquals(errors, []);
  const unknown = leftOut.filter(({ kind }) => kind !== undefined)
    .map(({ kind, count }) => [kind, count]);
  assertEquals(Object.fromEntries(unknown), fixture.unknown ?? {});
  assertStrictEquals(end.format, format);
  assertStrictEquals(end.conversations, conversations);
  assertEquals(new Set(read.places).size, texts.length);
  if (references !== undefined) {
    assertEquals(read.prompts.map(({ reference }) => reference), references);
  }
  if (passages !== undefined) {
    assertEquals(read.prompts.map(({ passages }) => passages), passages);
  }
  if (times !== undefined) {
    assertEquals(read.prompts.map(({ source }) => source.time), times);
  }
  if (metadata !== undefined) {
    assertEquals(read.prompts.map(({ metadata }) => metadata), metadata);
  }
  if (current !== undefined) {
    const options = { branches: "current" as const };
    assertEquals((await collect(archive, { options })).texts, current);
  }
}
