import { testFixtures } from "../testing/expect_fixture.ts";
import { botpressMessages } from "../testing/fixtures/bots.ts";

testFixtures("botpress", botpressMessages);
