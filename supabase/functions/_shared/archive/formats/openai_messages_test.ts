import { testFixtures } from "../testing/expect_fixture.ts";
import {
  growingHistories,
  openaiFineTuning,
  openaiLogs,
} from "../testing/fixtures/api_shapes.ts";

testFixtures("openaiMessages", openaiFineTuning, openaiLogs, growingHistories);
