import { testFixtures } from "../testing/expect_fixture.ts";
import { takeout, takeoutPage } from "../testing/fixtures/vendor_exports.ts";

testFixtures("takeoutGemini", takeout, takeoutPage);
