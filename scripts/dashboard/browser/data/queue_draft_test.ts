import { assertEquals } from "@std/assert";
import { toCall } from "./call_sql.ts";
import { readQueueDraft } from "./queue_draft.ts";

Deno.test("readQueueDraft() says what was written, and nothing that another kind has", () => {
  assertEquals(readQueueDraft({ experiment: "nightly" }), {
    name: "nightly",
    experiment_name: "nightly",
  });
  const query = {
    experiment: "new",
    against: "old",
    categories: "right\n\n half right ",
    passing: "right",
    lowest: "1",
    highest: "10",
    pass_from: "7",
    evaluator: "judge",
    choose: "random",
    people: "2",
    seen: "1",
    reviewers: "6f9d1e4e-0000-4000-8000-000000000001",
  };
  const shared = {
    name: "new",
    experiment_name: "new",
    evaluator: "judge",
    choose: "random",
    people: 2,
    blind: false,
    reviewers: ["6f9d1e4e-0000-4000-8000-000000000001"],
  };
  assertEquals(readQueueDraft(query), shared);
  assertEquals(readQueueDraft({ ...query, kind: "pair" }), {
    ...shared,
    kind: "pair",
    against: "old",
  });
  assertEquals(readQueueDraft({ ...query, kind: "category" }), {
    ...shared,
    kind: "category",
    categories: ["right", "half right"],
    passing: ["right"],
  });
  assertEquals(readQueueDraft({ ...query, kind: "score" }), {
    ...shared,
    kind: "score",
    lowest: 1,
    highest: 10,
    pass_from: 7,
  });
});

Deno.test("toCall() writes texts, numbers, lists and truth as Postgres reads them", () => {
  assertEquals(
    toCall("create_evaluation_label_queue", {
      name: "it's new",
      people: 2,
      blind: false,
      categories: ["a", "b's"],
      reviewers: ["6f9d1e4e-0000-4000-8000-000000000001"],
    }),
    `select create_evaluation_label_queue(
  name => 'it''s new',
  people => 2,
  blind => false,
  categories => array['a', 'b''s'],
  reviewers => array['6f9d1e4e-0000-4000-8000-000000000001']::uuid[]
);`,
  );
});
