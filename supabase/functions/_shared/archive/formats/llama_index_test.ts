import { testFixtures } from "../testing/expect_fixture.ts";
import { llamaIndexChats } from "../testing/fixtures/chat_tables.ts";

testFixtures("llamaIndex", llamaIndexChats);
