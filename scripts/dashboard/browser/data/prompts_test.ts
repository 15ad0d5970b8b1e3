import { assertEquals } from "@std/assert";
import { pickPrompts, readPrompts } from "./prompts.ts";

Deno.test("readPrompts() reads what an address says of an archive", () => {
  assertEquals(
    readPrompts({
      bucket: "chats",
      prefix: "2026-10/",
      turns: "first",
      sample: "0.1",
      dedupe: "1",
      since: "2026-10-01",
      max_prompts: "50",
    }),
    {
      source: { type: "supabase", bucket: "chats", prefix: "2026-10/" },
      options: {
        turns: "first",
        since: "2026-10-01",
        sample: 0.1,
        dedupe: true,
      },
      maxPrompts: 50,
    },
  );
});

Deno.test("readPrompts() reads sets, runs and what is written", () => {
  const source = (query: Record<string, string>) => readPrompts(query).source;
  assertEquals(source({ from: "set", set: "a", version: "2" }), {
    type: "set",
    name: "a",
    version: 2,
  });
  assertEquals(source({ from: "run", run: "7", unanswered: "1" }), {
    type: "run",
    runId: 7,
    onlyUnanswered: true,
  });
  assertEquals(source({ from: "prompts", prompts: " a \n\nb" }), {
    type: "prompts",
    prompts: ["a", "b"],
  });
});

Deno.test("readPrompts() leaves out what extraction alone takes, and what is not written", () => {
  assertEquals(
    readPrompts({
      from: "set",
      set: "a",
      version: " ",
      turns: "first",
      max_prompts: "",
    }),
    {
      source: { type: "set", name: "a" },
      options: {},
      maxPrompts: undefined,
    },
  );
});

Deno.test("readPrompts() reads a table, and which prompts of its conversations", () => {
  assertEquals(
    readPrompts({ from: "table", table: "public.messages", turns: "first" }),
    {
      source: { type: "table", table: "public.messages" },
      options: { turns: "first" },
      maxPrompts: undefined,
    },
  );
});

Deno.test("pickPrompts() takes what says which prompts are meant", () => {
  assertEquals(
    pickPrompts({ bucket: "a", after: "100", dry: "1", turns: "last" }),
    { bucket: "a", turns: "last" },
  );
});
