import { testFixtures } from "../testing/expect_fixture.ts";
import {
  microsoft365Interactions,
} from "../testing/fixtures/vendor_exports.ts";

testFixtures("microsoft365", microsoft365Interactions);
