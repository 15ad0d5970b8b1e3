import { deepEqual, equal, match, ok } from "node:assert/strict";
import { z } from "zod";
import {
  type ExtractOptionsInput,
  extractOptionsSchema,
  REDACTIONS,
} from "./options.ts";

function problemsOf(options: unknown): string {
  const parsed = extractOptionsSchema.safeParse(options);
  ok(!parsed.success, "the options are refused");
  return z.prettifyError(parsed.error);
}

Deno.test("extractOptionsSchema has a default for everything", () => {
  deepEqual(extractOptionsSchema.parse({}), {
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
  deepEqual(options.include, ["a"]);
  deepEqual(options.exclude, ["b", "c"]);
  deepEqual(options.redact, [...REDACTIONS]);
  equal(options.seed, "7");
});

Deno.test("extractOptionsSchema reads times without a zone as UTC", () => {
  const { since, until } = extractOptionsSchema.parse({
    since: "2024-05-01",
    until: "2024-05-01T10:00:00",
  });
  equal(since, "2024-05-01T00:00:00.000Z");
  equal(until, "2024-05-01T10:00:00.000Z");
  const { since: zoned } = extractOptionsSchema.parse({
    since: "2024-05-01T10:00:00+02:00",
  });
  equal(zoned, "2024-05-01T08:00:00.000Z");
});

Deno.test("extractOptionsSchema reads what it gave again", () => {
  const options = extractOptionsSchema.parse({
    include: "a",
    since: "2024-05-01",
    redact: true,
  });
  deepEqual(extractOptionsSchema.parse(options), options);
});

Deno.test("extractOptionsSchema refuses patterns that could take exponential time", () => {
  match(problemsOf({ include: "(a)\\1" }), /Cannot use the pattern/);
  match(problemsOf({ exclude: ["ok", "(?=a)b"] }), /RE2, without look-around/);
});

Deno.test("extractOptionsSchema refuses unknown names and wrong values", () => {
  match(problemsOf({ max_prompts: 1 }), /max_prompts/);
  match(problemsOf({ sample: 1.5 }), /Cannot take a sample of this size/);
  match(problemsOf({ maxPrompts: 0 }), /maxPrompts/);
  match(problemsOf({ since: "yesterday" }), /since/);
  match(problemsOf({ redact: ["names"] }), /redact/);
});

Deno.test("extractOptionsSchema lets patterns run in linear time", () => {
  const { include } = extractOptionsSchema.parse({ include: "(a+)+$" });
  deepEqual(include, ["(a+)+$"]);
});
