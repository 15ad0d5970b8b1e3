import { assert, assertEquals, assertMatch } from "@std/assert";
import * as z from "zod";
import {
  type ExtractOptionsInput,
  extractOptionsSchema,
  REDACTIONS,
} from "./options.ts";

function problemsOf(options: unknown): string {
  const parsed = extractOptionsSchema.safeParse(options);
  assert(!parsed.success, "the options are refused");
  return z.prettifyError(parsed.error);
}

Deno.test("extractOptionsSchema has a default for everything", () => {
  assertEquals(extractOptionsSchema.parse({}), {
    turns: "all",
    context: "none",
    branches: "all",
    dedupe: false,
    seed: "0",
    redact: [],
  });
});

Deno.test("extractOptionsSchema takes one pattern or several, and all redactions", () => {
  const input: ExtractOptionsInput = {
    include: "a",
    exclude: ["b", "c"],
    redact: true,
    seed: 7,
  };
  const options = extractOptionsSchema.parse(input);
  assertEquals(options.include, ["a"]);
  assertEquals(options.exclude, ["b", "c"]);
  assertEquals(options.redact, [...REDACTIONS]);
  assertEquals(options.seed, "7");
});

Deno.test("extractOptionsSchema reads times without a zone as UTC", () => {
  const { since, until } = extractOptionsSchema.parse({
    since: "2024-05-01",
    until: "2024-05-01T10:00:00",
  });
  assertEquals(since, "2024-05-01T00:00:00.000Z");
  assertEquals(until, "2024-05-01T10:00:00.000Z");
  const { since: zoned } = extractOptionsSchema.parse({
    since: "2024-05-01T10:00:00+02:00",
  });
  assertEquals(zoned, "2024-05-01T08:00:00.000Z");
});

Deno.test("extractOptionsSchema reads what it gave again", () => {
  const options = extractOptionsSchema.parse({
    include: "a",
    since: "2024-05-01",
    redact: true,
  });
  assertEquals(extractOptionsSchema.parse(options), options);
});

Deno.test("extractOptionsSchema refuses patterns that could take exponential time", () => {
  assertMatch(problemsOf({ include: "(a)\\1" }), /Cannot use the pattern/);
  assertMatch(
    problemsOf({ exclude: ["ok", "(?=a)b"] }),
    /RE2, without look-around/,
  );
});

Deno.test("extractOptionsSchema refuses unknown names and wrong values", () => {
  assertMatch(problemsOf({ max_prompts: 1 }), /max_prompts/);
  assertMatch(problemsOf({ sample: 1.5 }), /Cannot take a sample of this size/);
  assertMatch(problemsOf({ maxPrompts: 0 }), /maxPrompts/);
  assertMatch(problemsOf({ since: "yesterday" }), /since/);
  assertMatch(problemsOf({ redact: ["names"] }), /redact/);
});

Deno.test("extractOptionsSchema lets patterns run in linear time", () => {
  const { include } = extractOptionsSchema.parse({ include: "(a+)+$" });
  assertEquals(include, ["(a+)+$"]);
});
