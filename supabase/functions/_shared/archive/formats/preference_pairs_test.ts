import { testFixtures } from "../testing/expect_fixture.ts";
import {
  preferenceMessages,
  preferences,
} from "../testing/fixtures/datasets.ts";

testFixtures("preferencePairs", preferences, preferenceMessages);
