import { assertMatch } from "@std/assert";
import * as z from "zod";
import { toOperationPage } from "./operation_page.ts";

Deno.test("toOperationPage() lists fields with kinds, defaults and meanings", () => {
  const page = toOperationPage({
    do_it: {
      summary: "Do it",
      input: z.strictObject({
        how: z.enum(["fast", "well"]).default("well").describe("In which way"),
        items: z.array(z.string()),
      }),
      output: z.object({ done: z.boolean().optional() }),
    },
  });
  assertMatch(page, /Do it\. Function `do-it`\./);
  assertMatch(
    page,
    /\| `how` \| `"fast"` or `"well"` \| default `"well"`; In which way \|/,
  );
  assertMatch(page, /\| `items` \| list of text \| {2}\|/);
  assertMatch(page, /\| `done` \| true or false \| optional \|/);
});
