import { assertEquals, assertNotStrictEquals } from "@std/assert";
import {
  type ExtractOptionsInput,
  extractOptionsSchema,
} from "../archive/options.ts";
import { chatMessages } from "../archive/testing/archives.ts";
import { lines, streamOf, toBytes } from "../archive/testing/collect.ts";
import { promptKey } from "../prompt_key.ts";
import type { TaskToEnqueue } from "../queue/task_queue.ts";
import { createExtractHandler } from "./extract_archives.ts";

const unused = () => Promise.reject(new Error("not to be called"));
const alive = { signal: new AbortController().signal, isSpent: () => false };

/** The tasks that reading two equal prompts in one file enqueues. */
async function enqueued(
  given: ExtractOptionsInput,
  path = "chats.jsonl",
): Promise<TaskToEnqueue[]> {
  const talk = { messages: chatMessages("hello", "hi") };
  const extract = createExtractHandler({
    storage: {
      checkBucket: unused,
      list: unused,
      open: () =>
        Promise.resolve({
          bytes: streamOf(toBytes(lines(talk, talk))),
          skip: 0,
          version: "1",
        }),
    },
    queue: {
      checkpoint: unused,
      checkpointTable: unused,
      continueList: unused,
    },
    readTable: unused,
    options: extractOptionsSchema.parse(given),
    onBytes: () => {},
  });
  const outcome = await extract({
    id: 1,
    key: `archive:${path}`,
    attempt: 1,
    payload: { kind: "archive", bucket: "archives", path, version: "1" },
    repetition: 1,
    enqueuedAt: "2026-01-01T00:00:00Z",
    leaseToken: "t",
  }, alive);
  assertEquals(outcome?.outcome, "succeeded");
  return outcome!.enqueue as TaskToEnqueue[];
}

Deno.test("createExtractHandler() enqueues a task for every place of a prompt", async () => {
  const [first, second] = await enqueued({});
  assertEquals(first, {
    stage: "execute",
    key: '["archives","chats.jsonl","",0,0]',
    prompt: {
      text: "hello",
      reference: "hi",
      source: {
        bucket: "archives",
        path: "chats.jsonl",
        format: "openai_messages",
        position: 0,
      },
    },
  });
  assertEquals(second.prompt, first.prompt);
  assertNotStrictEquals(second.key, first.key);
  const [elsewhere] = await enqueued({}, "april/chats.jsonl");
  assertNotStrictEquals(elsewhere.key, first.key);
});

Deno.test("createExtractHandler() makes equal prompts one task with dedupe", async () => {
  const tasks = await enqueued({ dedupe: true });
  assertEquals(
    tasks.map(({ key }) => key),
    Array(2).fill(promptKey({ text: "hello" })),
  );
});

Deno.test("createExtractHandler() ranks the tasks of which a sample of n is drawn", async () => {
  const ranksOf = (tasks: TaskToEnqueue[]) => tasks.map(({ rank }) => rank);
  const tasks = await enqueued({ sample: 1 });
  assertEquals(tasks.map(({ availableAt }) => availableAt), [
    "infinity",
    "infinity",
  ]);
  const [first, second] = ranksOf(tasks);
  assertNotStrictEquals(first, second);
  const elsewhere = await enqueued({ sample: 1 }, "april/chats.jsonl");
  assertEquals(ranksOf(elsewhere), [first, second]);
});
