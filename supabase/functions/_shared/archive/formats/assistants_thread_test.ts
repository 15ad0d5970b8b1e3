import { testFixtures } from "../testing/expect_fixture.ts";
import { assistantsList, janThread } from "../testing/fixtures/chat_apps.ts";

testFixtures("assistantsThread", janThread, assistantsList);
