import { testFixtures } from "../testing/expect_fixture.ts";
import {
  hermesSession,
  hermesSessionLines,
} from "../testing/fixtures/agent_sessions.ts";

testFixtures("hermes", hermesSession, hermesSessionLines);
