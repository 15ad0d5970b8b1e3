import { testFixtures } from "../testing/expect_fixture.ts";
import {
  bareArray,
  bareLines,
  bareLists,
  langchainMessages,
  vercelMessages,
} from "../testing/fixtures/api_shapes.ts";

testFixtures(
  "bareMessages",
  bareArray,
  bareLines,
  bareLists,
  langchainMessages,
  vercelMessages,
);
