import { testFixtures } from "../testing/expect_fixture.ts";
import { sharegptChats, sharegptText } from "../testing/fixtures/datasets.ts";

testFixtures("sharegpt", sharegptChats, sharegptText);
