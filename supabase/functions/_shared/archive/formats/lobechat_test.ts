import { testFixtures } from "../testing/expect_fixture.ts";
import { lobechatExport } from "../testing/fixtures/chat_apps.ts";

testFixtures("lobechat", lobechatExport);
