import { testFixtures } from "../testing/expect_fixture.ts";
import {
  anthropicBatch,
  growingHistories,
  openaiFineTuning,
  openaiLogs,
  openaiNulls,
  openaiResponseIds,
} from "../testing/fixtures/api_shapes.ts";

testFixtures(
  "openaiMessages",
  openaiFineTuning,
  openaiLogs,
  growingHistories,
  openaiResponseIds,
  anthropicBatch,
  openaiNulls,
);
