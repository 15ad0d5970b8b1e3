import { assertEquals, assertThrows } from "@std/assert";
import { askOnce } from "./ask_once.ts";

function answer(options: Partial<Parameters<typeof askOnce>[1]>) {
  const questions: string[] = [];
  const says = askOnce("Change it?", {
    yes: undefined,
    environment: {},
    isTerminal: true,
    ask: (question) => questions.push(question) > 0,
    ...options,
  });
  return { says, questions };
}

Deno.test("askOnce() asks on a terminal", () => {
  assertEquals(answer({}), { says: true, questions: ["Change it?"] });
  assertEquals(answer({ ask: () => false }).says, false);
});

Deno.test("askOnce() asks nobody who has said yes", () => {
  for (
    const said of [
      { yes: true, isTerminal: false },
      { environment: { SUPABASE_YES: "true" }, isTerminal: false },
      { environment: { SUPABASE_YES: "1" } },
    ]
  ) assertEquals(answer(said), { says: true, questions: [] });
});

Deno.test("askOnce() says what to give where it can ask nobody", () => {
  const environment = { SUPABASE_YES: "false" };
  assertThrows(
    () => answer({ isTerminal: false, environment }),
    TypeError,
    "--yes",
  );
});
