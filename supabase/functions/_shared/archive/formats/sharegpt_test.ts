import { testFixtures } from "../testing/expect_fixture.ts";
import { sharegptChats } from "../testing/fixtures/datasets.ts";

testFixtures("sharegpt", sharegptChats);
