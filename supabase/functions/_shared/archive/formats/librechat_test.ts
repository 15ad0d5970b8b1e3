import { testFixtures } from "../testing/expect_fixture.ts";
import {
  librechatFlat,
  librechatNested,
} from "../testing/fixtures/chat_apps.ts";

testFixtures("librechat", librechatNested, librechatFlat);
