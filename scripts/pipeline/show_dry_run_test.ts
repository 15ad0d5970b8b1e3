import { assertEquals } from "@std/assert";
import { describeDryRun } from "./show_dry_run.ts";

const summary = {
  files: 2,
  conversations: 3,
  prompts: 10,
  repetitions: 1,
  inputTokens: 1000,
  formats: { chatgpt: 2 },
  skipped: { invalid_json: 1 },
  redactions: { email: 4, phone: 1 },
  missing: {},
  examples: ["What is\nit?", "Why?"],
  exampleReferences: [null, null],
  price: {
    endpoint: "e",
    outputTokensEach: 50,
    cachedInputTokens: null,
    inputCost: 0.001,
    outputCost: 0.0125,
    cost: 0.0135,
  },
};

Deno.test("describeDryRun() tells what would be asked, left out and paid", () => {
  assertEquals(describeDryRun(summary), [
    "prompts     10",
    "files       2, 3 conversations",
    "formats     2 × chatgpt",
    "skipped     1 × invalid_json",
    "redacted    4 × email, 1 × phone",
    "tokens      about 1000 in",
    "price       about 0.0135 USD on e: 1000 tokens in, 500 out at 50 each",
    "such as     What is it?",
    "            Why?",
  ]);
});

Deno.test("describeDryRun() tells of repetitions and of variables that prompts lack", () => {
  const lines = describeDryRun({
    ...summary,
    repetitions: 3,
    missing: { city: 2 },
  });
  assertEquals(lines.filter((line) => /^(prompts|lacking|price)/.test(line)), [
    "prompts     10, each asked 3 times",
    "lacking     2 × city",
    "price       about 0.0135 USD on e: 1000 tokens in, 1500 out at 50 each",
  ]);
});

Deno.test("describeDryRun() leaves out what there is not, and says that a price is unknown", () => {
  const lines = describeDryRun({
    ...summary,
    files: 0,
    formats: {},
    skipped: {},
    redactions: {},
    examples: [],
    price: { ...summary.price, cost: null },
  });
  assertEquals(lines.map((line) => line.split(/\s+/).slice(0, 2)), [
    ["prompts", "10"],
    ["tokens", "about"],
    ["price", "unknown:"],
  ]);
});

Deno.test("describeDryRun() says how much a cache is thought to answer for", () => {
  const lines = describeDryRun({
    ...summary,
    price: { ...summary.price, cachedInputTokens: 400 },
  });
  assertEquals(
    lines.find((line) => line.startsWith("price")),
    "price       about 0.0135 USD on e: 1000 tokens in (400 by its cache), 500 out at 50 each",
  );
});
