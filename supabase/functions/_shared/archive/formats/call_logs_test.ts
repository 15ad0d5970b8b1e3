import { testFixtures } from "../testing/expect_fixture.ts";
import {
  heliconeExport,
  heliconeTable,
  litellmLog,
} from "../testing/fixtures/observability.ts";

testFixtures("litellm", litellmLog, heliconeExport, heliconeTable);
