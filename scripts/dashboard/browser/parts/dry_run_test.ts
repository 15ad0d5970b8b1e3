import { assertEquals } from "@std/assert";
import { h } from "preact";
import { renderToStaticMarkup } from "preact-render-to-string";
import { Estimate } from "./dry_run.tsx";

const dry = {
  summary: {
    prompts: 1,
    repetitions: 1,
    files: 0,
    conversations: 0,
    formats: {},
    inputTokens: 3,
    redactions: {},
    skipped: {},
    missing: {},
    examples: [],
    exampleReferences: [],
  },
  errors: [],
  prices: [{ endpoint: "model", cost: 0.5, outputTokensEach: 100 }],
} as unknown as Parameters<typeof Estimate>[0]["dry"];

Deno.test("Estimate() says that judges are not in its price", () => {
  const says = (asksJudges: boolean) =>
    renderToStaticMarkup(h(Estimate, { dry, asksJudges }))
      .includes("Judges are not in it.");
  assertEquals([says(true), says(false)], [true, false]);
});
