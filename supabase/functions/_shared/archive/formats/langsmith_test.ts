import { testFixtures } from "../testing/expect_fixture.ts";
import {
  langsmithBatch,
  langsmithGenerations,
  langsmithRunList,
} from "../testing/fixtures/observability.ts";

testFixtures(
  "langsmithRuns",
  langsmithBatch,
  langsmithRunList,
  langsmithGenerations,
);
