import { assertEquals } from "@std/assert";
import { evaluatorSchema } from "../evaluator_schema.ts";
import { evaluate, problemsOf } from "../testing/evaluate.ts";

Deno.test("starts-with and ends-with look at the ends of the response", async () => {
  const passes = async (config: object, response: string) =>
    (await evaluate(config, { response })).passed;
  const dear = { type: "starts-with", texts: ["Dear", "Hello"] };
  assertEquals(await passes(dear, "\n Dear Ann"), true);
  assertEquals(await passes({ ...dear, trim: false }, "\n Dear Ann"), false);
  assertEquals(await passes(dear, "dear Ann"), false);
  assertEquals(await passes({ ...dear, ignoreCase: true }, "dear Ann"), true);
  const stop = { type: "ends-with", text: "." };
  assertEquals(await passes(stop, "Done. \r\n"), true);
  assertEquals(await passes(stop, "Done"), false);
});

Deno.test("starts-with needs something to look for", () => {
  assertEquals(
    problemsOf(evaluatorSchema, { type: "starts-with" }),
    "text: starts-with needs text or texts",
  );
});
