import { testFixtures } from "../testing/expect_fixture.ts";
import { nextchatBackup } from "../testing/fixtures/chat_apps.ts";

testFixtures("nextchat", nextchatBackup);
