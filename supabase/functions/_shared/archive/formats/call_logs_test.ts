import { testFixtures } from "../testing/expect_fixture.ts";
import {
  heliconeExport,
  litellmLog,
} from "../testing/fixtures/observability.ts";

testFixtures("litellm", litellmLog, heliconeExport);
