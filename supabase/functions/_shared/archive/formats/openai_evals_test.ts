import { testFixtures } from "../testing/expect_fixture.ts";
import {
  evalsItems,
  evalsLog,
  evalsOutputItems,
} from "../testing/fixtures/evaluations.ts";

testFixtures("openaiEvals", evalsLog, evalsOutputItems, evalsItems);
