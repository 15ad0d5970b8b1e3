import { testFixtures } from "../testing/expect_fixture.ts";
import {
  chatgptCycle,
  chatgptIsoTimes,
  chatgptSingle,
  chatgptTraps,
  chatgptTree,
} from "../testing/fixtures/vendor_exports.ts";

testFixtures(
  "chatgpt",
  chatgptTree,
  chatgptTraps,
  chatgptSingle,
  chatgptCycle,
  chatgptIsoTimes,
);
