import { testFixtures } from "../testing/expect_fixture.ts";
import {
  aiStudioFile,
  aiStudioParts,
} from "../testing/fixtures/vendor_exports.ts";

testFixtures("aiStudio", aiStudioFile, aiStudioParts);
