import { testFixtures } from "../testing/expect_fixture.ts";
import {
  deepseekEmpty,
  deepseekExport,
} from "../testing/fixtures/vendor_exports.ts";

testFixtures("deepseek", deepseekExport, deepseekEmpty);
