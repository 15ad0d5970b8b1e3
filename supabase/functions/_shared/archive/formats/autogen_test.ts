import { testFixtures } from "../testing/expect_fixture.ts";
import {
  autogenLines,
  autogenOldChat,
  autogenResult,
  autogenState,
} from "../testing/fixtures/frameworks.ts";

testFixtures(
  "autogen",
  autogenResult,
  autogenState,
  autogenLines,
  autogenOldChat,
);
