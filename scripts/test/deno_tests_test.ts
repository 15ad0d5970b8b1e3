import { deepEqual } from "node:assert/strict";
import { readJunit } from "./deno_tests.ts";

Deno.test("readJunit() tells passed from failed tests", () => {
  const xml = `<testsuites>
    <testsuite name="a_test.ts">
      <testcase name="f() works" classname="./a_test.ts" time="0.1" line="1">
      </testcase>
      <testcase name="f() &gt; g()" classname="./a_test.ts" time="0.1" line="2">
        <failure message="no">Error</failure>
      </testcase>
    </testsuite>
  </testsuites>`;
  deepEqual(readJunit(xml), {
    passed: 1,
    failures: ["./a_test.ts: f() > g()"],
  });
});

Deno.test("readJunit() finds nothing in a report that was never written", () => {
  deepEqual(readJunit(""), { passed: 0, failures: [] });
});
