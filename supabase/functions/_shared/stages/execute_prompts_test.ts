import { assertEquals } from "@std/assert";
import type { ModelCaller } from "../model/call_model.ts";
import type { Task } from "../queue/task_queue.ts";
import { createExecuteHandler, type PromptPayload } from "./execute_prompts.ts";

const worker = {
  signal: new AbortController().signal,
  isSpent: () => false,
};

Deno.test("createExecuteHandler() calls nobody and takes no answer for a template that cannot be filled", async () => {
  const caller: ModelCaller = {
    call: () => Promise.reject(new Error("nobody may be called")),
  };
  const execute = createExecuteHandler(
    caller,
    { parameters: {}, keepBody: false },
    () => 0,
  );
  const payload: PromptPayload = { text: "one", problem: "It has no city" };
  const task: Task = {
    id: 1,
    key: "1",
    attempt: 1,
    repetition: 1,
    payload,
    enqueuedAt: "2026-01-01T00:00:00Z",
    leaseToken: "t",
    // Of another run, which asked the text as it is.
    cached: { response: "earlier" },
  };
  assertEquals(await execute(task, worker), {
    outcome: "failed",
    error: {
      class: "permanent",
      code: "template_not_filled",
      message: "It has no city",
    },
    isUnpaid: true,
  });
});
