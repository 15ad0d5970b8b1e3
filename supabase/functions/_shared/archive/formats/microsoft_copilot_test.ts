import { testFixtures } from "../testing/expect_fixture.ts";
import { microsoftCopilotActivity } from "../testing/fixtures/vendor_exports.ts";

testFixtures("microsoftCopilot", microsoftCopilotActivity);
