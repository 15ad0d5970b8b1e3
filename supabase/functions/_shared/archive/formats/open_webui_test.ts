import { testFixtures } from "../testing/expect_fixture.ts";
import {
  openWebuiExport,
  openWebuiOld,
  qwenShare,
} from "../testing/fixtures/chat_apps.ts";

testFixtures("openWebui", openWebuiExport, openWebuiOld, qwenShare);
