import { testFixtures } from "../testing/expect_fixture.ts";
import { takeout } from "../testing/fixtures/vendor_exports.ts";

testFixtures("takeoutGemini", takeout);
