import { testFixtures } from "../testing/expect_fixture.ts";
import {
  claudeBranches,
  claudeExport,
  claudePlaceholders,
} from "../testing/fixtures/vendor_exports.ts";

testFixtures("claudeAi", claudeExport, claudeBranches, claudePlaceholders);
