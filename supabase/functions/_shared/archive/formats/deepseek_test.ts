import { testFixtures } from "../testing/expect_fixture.ts";
import { deepseekExport } from "../testing/fixtures/vendor_exports.ts";

testFixtures("deepseek", deepseekExport);
