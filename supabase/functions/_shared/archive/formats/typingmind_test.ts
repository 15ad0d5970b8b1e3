import { testFixtures } from "../testing/expect_fixture.ts";
import { typingmindExport } from "../testing/fixtures/chat_apps.ts";

testFixtures("typingmind", typingmindExport);
