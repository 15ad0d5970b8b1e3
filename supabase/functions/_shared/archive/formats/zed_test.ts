import { testFixtures } from "../testing/expect_fixture.ts";
import {
  zedEnums,
  zedSegments,
  zedText,
} from "../testing/fixtures/coding_agents.ts";

testFixtures("zed", zedSegments, zedEnums, zedText);
