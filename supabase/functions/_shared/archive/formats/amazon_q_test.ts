import { testFixtures } from "../testing/expect_fixture.ts";
import {
  amazonQRows,
  amazonQSaved,
  kiroSession,
} from "../testing/fixtures/coding_agents.ts";

testFixtures("amazonQ", amazonQSaved, amazonQRows, kiroSession);
