import {
  assertEquals,
  assertMatch,
  assertObjectMatch,
  assertRejects,
} from "@std/assert";
import { foundPrompt } from "../archive/testing/found_prompt.ts";
import { PipelineError } from "../errors.ts";
import type { ArchiveStorage } from "../storage.ts";
import {
  extractPrompts,
  type ExtractPromptsDependencies,
} from "./extract_prompts.ts";
import {
  type ExtractPromptsInput,
  extractPromptsSchema,
} from "./extract_prompts_schema.ts";

const line = (content: string) =>
  JSON.stringify({ messages: [{ role: "user", content }] });

/** A bucket with these files, in folders one level deep. */
function createBucket(files: Record<string, string>): ArchiveStorage {
  return {
    checkBucket: (bucket) =>
      bucket === "chats" ? Promise.resolve() : Promise.reject(
        new PipelineError("not_found", `Cannot find bucket "${bucket}"`),
      ),
    list: (_, folder) => {
      const inside = Object.keys(files).filter((path) =>
        folder === "" || path.startsWith(`${folder}/`)
      ).map((path) => folder === "" ? path : path.slice(folder.length + 1));
      const names = new Set(inside.map((path) => path.split("/")[0]));
      const full = (name: string) => folder === "" ? name : `${folder}/${name}`;
      return Promise.resolve({
        folders: [...names].filter((name) => !(full(name) in files)).map(full),
        objects: [...names].filter((name) => full(name) in files)
          .map((name) => ({ path: full(name), version: "1", size: 1 })),
        nextOffset: null,
      });
    },
    open: (_, path) =>
      files[path] === "gone"
        ? Promise.reject(new PipelineError("not_found", "it is gone"))
        : Promise.resolve({
          bytes: new Blob([files[path]]).stream(),
          skip: 0,
          version: "1",
        }),
  };
}

function extract(
  files: Record<string, string>,
  input: ExtractPromptsInput,
  more: Partial<ExtractPromptsDependencies> = {},
) {
  return extractPrompts(extractPromptsSchema.parse(input), {
    caller: { kind: "service" },
    storage: createBucket(files),
    now: () => 0,
    ...more,
  });
}

const chats = { type: "supabase" as const, bucket: "chats" };

Deno.test("extractPrompts() reads all folders below a prefix", async () => {
  const { prompts, total, errors } = await extract({
    "2025/a.jsonl": line("old"),
    "2026/a.jsonl": line("one"),
    "2026/03/b.jsonl": line("two"),
  }, { dataSource: { ...chats, prefix: "2026/" } });
  assertEquals(prompts.map(({ text }) => text).sort(), ["one", "two"]);
  assertEquals([total, errors], [2, []]);
});

Deno.test("extractPrompts() names the file of an error and reads the others", async () => {
  const { prompts, errors } = await extract({
    "a.jsonl": "gone",
    "b.jsonl": `${line("one")}\n{broken`,
    "c.jsonl": line("two"),
  }, { dataSource: chats });
  assertEquals(prompts.length, 2);
  assertEquals(errors.map(({ context }) => context?.file), [
    "a.jsonl",
    "b.jsonl",
  ]);
});

Deno.test("extractPrompts() answers what it has when a limit is reached", async () => {
  const { prompts, errors } = await extract(
    {
      "a.jsonl": line("one"),
      "b.jsonl": line("two"),
      "c.jsonl": line("three"),
    },
    { dataSource: chats },
    {
      limits: { milliseconds: 1000, bytes: 1, characters: 1000 },
    },
  );
  assertEquals(prompts.length, 1);
  assertEquals(errors[0].code, "incomplete");
  assertEquals(errors[0].context?.rest, ["a.jsonl", "b.jsonl", "c.jsonl"]);
  assertMatch(errors[0].message, /run_pipeline/);
});

Deno.test("extractPrompts() keeps users in their folder", async () => {
  const caller = { kind: "user" as const, id: "u1" };
  const files = { "u1/a.jsonl": line("mine"), "u2/a.jsonl": line("theirs") };
  const mine = { dataSource: { ...chats, prefix: "u1/" } };
  assertEquals((await extract(files, mine, { caller })).total, 1);
  for (const prefix of ["", "u2/", "u1", "u1/../u2/"]) {
    assertObjectMatch(
      await assertRejects(
        () => extract(files, { dataSource: { ...chats, prefix } }, { caller }),
        Error,
      ),
      { code: "forbidden" },
    );
  }
});

Deno.test("extractPrompts() takes the form of the first version where there are directories", async () => {
  const readDirectory = async function* (directory: string) {
    assertEquals(directory, "chats");
    const found = foundPrompt({});
    yield { ...found, prompt: { ...found.prompt, key: "local" } };
  };
  const input = { directory: "chats", maxPrompts: 10 };
  assertEquals(
    (await extract({}, input, { readDirectory })).prompts[0].key,
    "local",
  );
  assertObjectMatch(await assertRejects(() => extract({}, input), Error), {
    code: "invalid_request",
  });
});

Deno.test("extractPromptsSchema wants exactly one source", () => {
  assertEquals(extractPromptsSchema.safeParse({}).success, false);
  assertEquals(
    extractPromptsSchema.safeParse({ directory: "a", dataSource: chats })
      .success,
    false,
  );
});

Deno.test("extractPrompts() with dryRun counts what a run would ask, and what for", async () => {
  const asked: unknown[] = [];
  const { prompts, total, summary } = await extract({
    "a.jsonl": `${line("write to a@b.example")}\n{broken`,
    "b.jsonl": line("1234"),
  }, {
    dataSource: chats,
    redact: true,
    dryRun: true,
    endpoint: "e",
    model: "m",
    maxTokens: 9,
  }, {
    database: {
      call: (...call: unknown[]) => {
        asked.push(call);
        return Promise.resolve({ cost: 0.5 });
      },
    } as never,
  });
  assertEquals([prompts, total], [[], 2]);
  assertObjectMatch(summary!, {
    files: 2,
    prompts: 2,
    redactions: { email: 1 },
    inputTokens: 7,
    price: { cost: 0.5 },
  });
  assertEquals(Object.values(summary!.skipped), [1]);
  assertEquals(summary!.examples.length, 2);
  assertEquals(asked, [["pipeline_estimate_cost", {
    endpoint: "e",
    prompts: 2,
    input_tokens: 7,
    output_tokens: 9,
    model: "m",
  }]]);
});

Deno.test("extractPrompts() with dryRun takes lists and runs too, and nothing else does", async () => {
  const list = {
    type: "prompts" as const,
    prompts: ["1234", { text: "5678" }, "90"],
  };
  const counted = await extract({}, {
    dataSource: list,
    dryRun: true,
    maxPrompts: 2,
  });
  assertObjectMatch(counted.summary!, { prompts: 2, inputTokens: 2 });
  const ofRun = await extract({}, {
    dataSource: { type: "run", runId: 7, onlyUnanswered: true },
    dryRun: true,
  }, {
    database: {
      call: (_: string, { only_unanswered }: Record<string, unknown>) =>
        Promise.resolve({
          prompts: only_unanswered ? 3 : 9,
          inputTokens: 30,
        }),
    } as never,
  });
  assertObjectMatch(ofRun.summary!, { prompts: 3, inputTokens: 30 });
  assertEquals(
    extractPromptsSchema.safeParse({ dataSource: list }).success,
    false,
  );
});

Deno.test("extractPrompts() with dryRun fills the template and counts repetitions", async () => {
  const asked: Record<string, unknown>[] = [];
  const { summary } = await extract({}, {
    dataSource: {
      type: "prompts",
      prompts: [{ metadata: { city: "Rome" }, reference: "It is there" }, {
        text: "x",
        metadata: { country: "France" },
      }],
    },
    dryRun: true,
    template: { system: "Brief", user: "Where is {{city}}?" },
    repetitions: 3,
    endpoint: "e",
  }, {
    database: {
      call: (_: string, parameters: Record<string, unknown>) => {
        asked.push(parameters);
        return Promise.resolve({ cost: 1 });
      },
    } as never,
  });
  assertObjectMatch(summary!, {
    prompts: 2,
    repetitions: 3,
    // "Where is Rome?", "x" as it is, and "Brief" twice.
    inputTokens: 3 * Math.ceil((14 + 1 + 5 + 5) / 4),
    missing: { city: 1 },
    examples: ["Where is Rome?", "x"],
    exampleReferences: ["It is there", null],
  });
  assertObjectMatch(asked[0], { prompts: 6, input_tokens: 21 });
});

Deno.test("extractPrompts() reads rows as variables where the template needs no text", async () => {
  const table = { "a.csv": "question,language\nWho?,de\n" };
  const example = async (user: string) => {
    const { summary } = await extract(table, {
      dataSource: chats,
      dryRun: true,
      template: { user },
    });
    return summary!.examples[0];
  };
  assertEquals(await example("{{question}} in {{language}}"), "Who? in de");
  assertEquals(await example("{{ prompt }} in {{language}}"), "Who? in de");
});

Deno.test("extractPrompts() with dryRun tells no user what an endpoint costs", async () => {
  await assertRejects(
    () =>
      extract({}, {
        dataSource: { type: "prompts", prompts: ["a"] },
        dryRun: true,
        endpoint: "e",
      }, { caller: { kind: "user", id: "u" }, database: {} as never }),
    PipelineError,
    "the project's own",
  );
});
