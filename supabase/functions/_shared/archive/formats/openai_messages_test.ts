import { testFixtures } from "../testing/expect_fixture.ts";
import {
  anthropicBatch,
  cohereFineTuning,
  growingHistories,
  openaiEmpty,
  openaiFineTuning,
  openaiLogs,
  openaiResponseIds,
} from "../testing/fixtures/api_shapes.ts";
import { payloadChats } from "../testing/fixtures/chat_tables.ts";
import { rowsOfMessages } from "../testing/fixtures/datasets.ts";

testFixtures(
  "openaiMessages",
  openaiFineTuning,
  openaiLogs,
  growingHistories,
  openaiResponseIds,
  anthropicBatch,
  openaiEmpty,
  rowsOfMessages,
  cohereFineTuning,
  payloadChats,
);
