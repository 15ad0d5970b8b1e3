import { testFixtures } from "../testing/expect_fixture.ts";
import {
  pydanticHistories,
  pydanticMessages,
} from "../testing/fixtures/api_shapes.ts";

testFixtures("pydanticAi", pydanticMessages, pydanticHistories);
