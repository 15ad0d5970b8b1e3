import { deepEqual, throws } from "node:assert/strict";
import { readArguments, toHeaders, toNumber } from "./read_arguments.ts";

Deno.test("readArguments() takes options and names what is missing", () => {
  const { values, positionals } = readArguments(
    ["7", "--limit", "3"],
    ["ID"],
    { limit: { type: "string" } },
  );
  deepEqual([positionals, values.limit], [["7"], "3"]);
  throws(() => readArguments([], ["ID"], {}), /Give ID/);
  throws(() => readArguments(["1", "2"], ["ID"], {}), /at most ID/);
  throws(() => readArguments(["--colour"], [], {}), { name: "WrongUsage" });
});

Deno.test("toNumber() refuses what is no number", () => {
  deepEqual(toNumber("limit", "1.5"), 1.5);
  throws(() => toNumber("limit", "many"), /--limit many/);
});

Deno.test("toHeaders() splits at the first colon", () => {
  deepEqual(toHeaders(["Referer: https://example.com"]), {
    Referer: "https://example.com",
  });
  throws(() => toHeaders(["Bearer x"]), /Name: value/);
});
