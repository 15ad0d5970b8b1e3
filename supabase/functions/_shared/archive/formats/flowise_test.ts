import { testFixtures } from "../testing/expect_fixture.ts";
import { flowiseMessages } from "../testing/fixtures/bots.ts";

testFixtures("flowise", flowiseMessages);
