import { testFixtures } from "../testing/expect_fixture.ts";
import {
  langgraphNewestFirst,
  langgraphWithoutIds,
} from "../testing/fixtures/frameworks.ts";

testFixtures("langgraph", langgraphNewestFirst, langgraphWithoutIds);
