import { testFixtures } from "../testing/expect_fixture.ts";
import { aiStudioFile } from "../testing/fixtures/vendor_exports.ts";

testFixtures("aiStudio", aiStudioFile);
