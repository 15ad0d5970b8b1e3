import { testFixtures } from "../testing/expect_fixture.ts";
import { openWebuiExport } from "../testing/fixtures/chat_apps.ts";

testFixtures("openWebui", openWebuiExport);
