import { testFixtures } from "../testing/expect_fixture.ts";
import { agnoSessions } from "../testing/fixtures/chat_tables.ts";

testFixtures("agno", agnoSessions);
