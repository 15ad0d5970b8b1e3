import { testFixtures } from "../testing/expect_fixture.ts";
import {
  openWebuiExport,
  openWebuiOld,
} from "../testing/fixtures/chat_apps.ts";

testFixtures("openWebui", openWebuiExport, openWebuiOld);
