import { testFixtures } from "../testing/expect_fixture.ts";
import {
  preferenceMessages,
  preferences,
  preferenceWithoutRejected,
} from "../testing/fixtures/datasets.ts";

testFixtures(
  "preferencePairs",
  preferences,
  preferenceMessages,
  preferenceWithoutRejected,
);
