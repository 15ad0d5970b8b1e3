import { testFixtures } from "../testing/expect_fixture.ts";
import {
  callTranscript,
  labelledDialogues,
  lmsysRows,
  wildchatRow,
} from "../testing/fixtures/datasets.ts";

testFixtures(
  "conversationField",
  lmsysRows,
  wildchatRow,
  labelledDialogues,
  callTranscript,
);
