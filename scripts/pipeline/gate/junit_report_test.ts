import { assert, assertStrictEquals } from "@std/assert";
import { writeJunitReport } from "./junit_report.ts";
import { sampleAnswer } from "./sample_answer.ts";

const failed = { promptKey: "k", prompt: "p", response: "r", error: null };

Deno.test("writeJunitReport() has a case for each evaluator", () => {
  const xml = writeJunitReport(sampleAnswer([
    { failedPrompts: [failed] },
    { evaluator: "rubric", verdict: "undecided", reasons: ["too few"] },
    { evaluator: "success", verdict: "pass", reasons: ["well"] },
  ]));
  assertStrictEquals(
    xml,
    `<?xml version="1.0" encoding="UTF-8"?>
<testsuites tests="3" failures="1" errors="1" skipped="0">
  <testsuite name="Gate regression: &quot;after&quot; against &quot;before&quot;" tests="3" failures="1" errors="1" skipped="0">
    <testcase classname="gate" name="exact-match">
      <failure message="worse than the baseline" type="regression"><![CDATA[k: p
→ r]]></failure>
    </testcase>
    <testcase classname="gate" name="rubric">
      <error message="too few" type="undecided"/>
    </testcase>
    <testcase classname="gate" name="success">
      <system-out><![CDATA[well]]></system-out>
    </testcase>
  </testsuite>
</testsuites>`,
  );
});

Deno.test("writeJunitReport() does not fail what newly failed where that is allowed", () => {
  const xml = writeJunitReport(
    sampleAnswer(
      [{ verdict: "pass", newlyFailed: 1, failedPrompts: [failed] }],
      {
        verdict: "pass",
      },
    ),
  );
  assert(xml.includes('failures="0"') && xml.includes("k: p"));
});

Deno.test("writeJunitReport() stays XML whatever a model has answered", () => {
  const response = "\u0000\u001b[31mred]]> & <b>\ud800\ufffe";
  const xml = writeJunitReport(
    sampleAnswer([{
      evaluator: 'a"<b>&\u0007',
      failedPrompts: [{ ...failed, response }],
    }]),
  );
  // deno-lint-ignore no-control-regex
  assert(!/[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/.test(xml), xml);
  assert(xml.isWellFormed());
  assert(xml.includes('name="a&quot;&lt;b>&amp;"'), xml);
  assert(xml.includes("[31mred]]]]><![CDATA[> & <b>"), xml);
});
