import { testFixtures } from "../testing/expect_fixture.ts";
import {
  difyCompletion,
  difyList,
  difyTable,
} from "../testing/fixtures/bots.ts";

testFixtures("difyRows", difyList, difyTable, difyCompletion);
