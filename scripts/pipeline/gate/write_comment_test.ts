import { assert, assertStrictEquals } from "@std/assert";
import { sampleAnswer } from "./sample_answer.ts";
import { writeComment } from "./write_comment.ts";

Deno.test("writeComment() shows verdict, numbers and what failed", () => {
  assertStrictEquals(
    writeComment(sampleAnswer([{
      failedPrompts: [{
        promptKey: "k",
        prompt: "Ask @someone",
        response: null,
        error: "HTTP 400",
      }],
    }, {
      evaluator: "a|b",
      verdict: "undecided",
      reasons: ["undecided"],
      low: null,
      high: null,
      newlyFailed: null,
    }], { approvedAs: "approved" })),
    `### Gate: ❌ regression

\`after\` against \`before\`, approved as \`approved\`

| evaluator | verdict | prompts | before | now | difference | 95 % interval | newly failed |
| --- | --- | ---: | ---: | ---: | ---: | --- | ---: |
| \`exact-match\` | ❌ regression | 100 | 0.900 | 0.790 | −0.110 | −0.189 to −0.028 | 14 |
| \`a\\|b\` | ❔ undecided | 100 | 0.900 | 0.790 | −0.110 |  |  |

**\`exact-match\`**

- worse than the baseline
  - \`k: Ask @someone\`<br>\`→ HTTP 400\`

**\`a|b\`**

- undecided`,
  );
});

Deno.test("writeComment() stays below what GitHub takes", () => {
  const text = "x".repeat(300);
  const failed = { promptKey: text, prompt: text, response: text, error: null };
  const comment = writeComment(
    sampleAnswer(
      Array.from({ length: 200 }, () => ({
        failedPrompts: Array.from({ length: 20 }, () => failed),
      })),
    ),
  );
  assert(comment.length < 65_000, String(comment.length));
  assert(comment.endsWith("… and more: see the job's log."));
  assert(comment.includes("| `exact-match` |"));
});
