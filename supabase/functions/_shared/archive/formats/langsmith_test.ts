import { testFixtures } from "../testing/expect_fixture.ts";
import {
  langsmithBatch,
  langsmithRunList,
} from "../testing/fixtures/observability.ts";

testFixtures("langsmithRuns", langsmithBatch, langsmithRunList);
