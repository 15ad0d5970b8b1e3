import { assertStrictEquals } from "@std/assert";
import { join } from "node:path";
import {
  GENERATED_PAGES,
  writePage,
} from "../../../scripts/docs/generated_pages.ts";
import { checkout } from "../../../scripts/local/checkout.ts";

for (const page of GENERATED_PAGES) {
  Deno.test(`${page.path} is what deno task docs writes`, async () => {
    const kept = await Deno.readTextFile(join(checkout, page.path));
    assertStrictEquals(kept, await writePage(page), "run: deno task docs");
  });
}
