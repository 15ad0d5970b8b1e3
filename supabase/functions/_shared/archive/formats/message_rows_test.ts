import { testFixtures } from "../testing/expect_fixture.ts";
import {
  adkRows,
  agentRows,
  langchainRows,
  n8nRows,
} from "../testing/fixtures/chat_tables.ts";

testFixtures("messageRows", n8nRows, langchainRows, agentRows, adkRows);
