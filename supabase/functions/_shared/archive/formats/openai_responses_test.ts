import { assertEquals } from "@std/assert";
import { collect, lines } from "../testing/collect.ts";
import { testFixtures } from "../testing/expect_fixture.ts";
import {
  codexItems,
  evalRows,
  responsesGrowing,
  responsesItems,
  responsesText,
} from "../testing/fixtures/api_shapes.ts";

testFixtures(
  "openaiResponses",
  responsesItems,
  codexItems,
  responsesText,
  responsesGrowing,
  evalRows,
);

Deno.test("openaiResponses does not take texts to embed for prompts", async () => {
  const { texts, errors } = await collect(lines(
    { model: "gpt-5", input: "one" },
    { model: "text-embedding-3-small", input: "not a prompt" },
    { url: "/v1/embeddings", body: { model: "m", input: "not a prompt" } },
  ));
  assertEquals(texts, ["one"]);
  assertEquals(errors.map(({ code }) => code), [
    "unknown_shape",
    "unknown_shape",
  ]);
});
