import { assertEquals, assertObjectMatch, assertThrows } from "@std/assert";
import { readArguments, toHeaders, toNumber } from "./read_arguments.ts";

Deno.test("readArguments() takes options and names what is missing", () => {
  const { values, positionals } = readArguments(
    ["7", "--limit", "3"],
    ["ID"],
    { limit: { type: "string" } },
  );
  assertEquals([positionals, values.limit], [["7"], "3"]);
  assertThrows(() => readArguments([], ["ID"], {}), Error, "Give ID");
  assertThrows(
    () => readArguments(["1", "2"], ["ID"], {}),
    Error,
    "at most ID",
  );
  assertObjectMatch(
    assertThrows(
      () => readArguments(["--limt", "3"], [], { limit: { type: "string" } }),
      Error,
    ),
    {
      name: "WrongUsage",
      message:
        "Cannot use --limt: there is no such option. Did you mean --limit?",
    },
  );
});

Deno.test("toNumber() refuses what is no number", () => {
  assertEquals(toNumber("limit", "1.5"), 1.5);
  assertThrows(() => toNumber("limit", "many"), Error, "--limit many");
});

Deno.test("toHeaders() splits at the first colon", () => {
  assertEquals(toHeaders(["Referer: https://example.com"]), {
    Referer: "https://example.com",
  });
  assertThrows(() => toHeaders(["Bearer x"]), Error, "Name: value");
});
