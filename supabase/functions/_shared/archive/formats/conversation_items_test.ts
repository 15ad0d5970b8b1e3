import { testFixtures } from "../testing/expect_fixture.ts";
import {
  conversationItemsAscending,
  conversationItemsPage,
} from "../testing/fixtures/evaluations.ts";

testFixtures(
  "conversationItems",
  conversationItemsPage,
  conversationItemsAscending,
);
