import { testFixtures } from "../testing/expect_fixture.ts";
import { cherryStudioBackup } from "../testing/fixtures/chat_apps.ts";

testFixtures("cherryStudio", cherryStudioBackup);
