import { testFixtures } from "../testing/expect_fixture.ts";
import {
  takeout,
  takeoutAnswers,
  takeoutPage,
} from "../testing/fixtures/vendor_exports.ts";

testFixtures("takeoutGemini", takeout, takeoutPage, takeoutAnswers);
