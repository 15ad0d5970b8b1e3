import { testFixtures } from "../testing/expect_fixture.ts";
import {
  lobechatDatabase,
  lobechatExport,
} from "../testing/fixtures/chat_apps.ts";

testFixtures("lobechat", lobechatExport, lobechatDatabase);
