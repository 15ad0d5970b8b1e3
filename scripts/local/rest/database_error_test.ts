import { assertEquals, assertStrictEquals } from "@std/assert";
import { keepSqlState } from "./database_error.ts";

function answerTo(code: string) {
  const error = keepSqlState({ code, message: "No", hint: "Wait" });
  const { message, detail } = error as { message: string; detail: string };
  return { ...JSON.parse(message), status: JSON.parse(detail).status };
}

Deno.test("keepSqlState() keeps states of the pipeline with PostgREST's status", () => {
  assertEquals(answerTo("PPL03"), {
    code: "PPL03",
    message: "No",
    details: null,
    hint: "Wait",
    status: 400,
  });
});

for (
  const [code, status] of [
    ["P0001", 400],
    ["P0002", 500],
    ["28000", 403],
    ["57014", 500],
    ["08006", 503],
    ["23514", 400],
  ] as const
) {
  Deno.test(`keepSqlState() answers ${status} to ${code}`, () => {
    assertEquals(answerTo(code).status, status);
  });
}

Deno.test("keepSqlState() answers 503 while the database is away", () => {
  for (const code of ["ECONNREFUSED", "CONNECTION_CLOSED", "CONNECT_TIMEOUT"]) {
    const { status, message } = answerTo(code);
    assertEquals([status, message], [503, "No connection: No"]);
  }
});

Deno.test("keepSqlState() leaves what lite knows, and what is no state, alone", () => {
  for (const code of ["22023", "42501", "ENOENT", undefined]) {
    const error = { code, message: "No" };
    assertStrictEquals(keepSqlState(error), error);
  }
});
