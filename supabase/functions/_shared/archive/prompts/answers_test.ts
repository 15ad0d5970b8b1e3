import { assertEquals } from "@std/assert";
import type { Turn } from "../conversation.ts";
import { answersOf } from "./answers.ts";

type Short = [
  role: Turn["role"],
  text: string,
  parent?: number,
  offBranch?: true,
];

function texts(...turns: Short[]) {
  const made = turns.map(([role, text, parent, offBranch]): Turn => ({
    role,
    text,
    ...parent !== undefined && { parent },
    ...offBranch && { offBranch },
  }));
  return answersOf(made).map((answer) => answer?.text);
}

Deno.test("answersOf() takes the last words before the next user turn", () => {
  assertEquals(
    texts(["user", "a"], ["assistant", "1"], ["assistant", "2"], ["user", "b"]),
    ["2", "2", undefined, undefined],
  );
});

Deno.test("answersOf() gives nothing to a user turn that another one follows", () => {
  assertEquals(texts(["user", "a"], ["user", "b"], ["assistant", "1"]), [
    undefined,
    "1",
    undefined,
  ]);
});

Deno.test("answersOf() follows the shown branch, or else the newest", () => {
  assertEquals(
    texts(
      ["user", "a", -1],
      ["assistant", "shown", 0],
      ["assistant", "other", 0, true],
    )[0],
    "shown",
  );
  assertEquals(
    texts(["user", "a", -1], ["assistant", "old", 0], [
      "assistant",
      "new",
      0,
    ])[0],
    "new",
  );
});
