import { testFixtures } from "../testing/expect_fixture.ts";
import {
  promptfooResults,
  promptfooTests,
} from "../testing/fixtures/evaluations.ts";

testFixtures("promptfoo", promptfooResults, promptfooTests);
