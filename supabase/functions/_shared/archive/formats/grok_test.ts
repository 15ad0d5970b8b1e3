import { testFixtures } from "../testing/expect_fixture.ts";
import { grokExport } from "../testing/fixtures/vendor_exports.ts";

testFixtures("grok", grokExport);
