import { assert, assertEquals, assertMatch } from "@std/assert";
import { withProject } from "./project.ts";

const chatgpt = JSON.stringify([{
  title: "Trip",
  create_time: 1700000000,
  conversation_id: "c1",
  current_node: "n3",
  mapping: {
    n0: { id: "n0", parent: null, children: ["n1"], message: null },
    n1: {
      id: "n1",
      parent: "n0",
      children: ["n2"],
      message: {
        id: "m1",
        author: { role: "user" },
        create_time: 1700000001,
        content: { content_type: "text", parts: ["Where to in May?"] },
        metadata: {},
      },
    },
    n2: {
      id: "n2",
      parent: "n1",
      children: ["n3"],
      message: {
        id: "m2",
        author: { role: "assistant" },
        create_time: 1700000002,
        content: { content_type: "text", parts: ["To Lisbon."] },
        metadata: { model_slug: "gpt-4" },
      },
    },
    n3: {
      id: "n3",
      parent: "n2",
      children: [],
      message: {
        id: "m3",
        author: { role: "user" },
        create_time: 1700000003,
        content: { content_type: "text", parts: ["And in June?"] },
        metadata: {},
      },
    },
  },
}]);

const claude = JSON.stringify([{
  uuid: "u1",
  name: "Poem",
  created_at: "2024-01-01T00:00:00Z",
  updated_at: "2024-01-01T00:00:00Z",
  account: { uuid: "a" },
  chat_messages: [
    {
      uuid: "x1",
      sender: "human",
      text: "Write a poem",
      created_at: "2024-01-01T00:00:00Z",
      content: [],
      attachments: [],
      files: [],
    },
    {
      uuid: "x2",
      sender: "assistant",
      text: "Roses",
      created_at: "2024-01-01T00:00:01Z",
      content: [],
      attachments: [],
      files: [],
    },
  ],
}]);

const messages = [
  {
    messages: [{ role: "system", content: "Be brief" }, {
      role: "user",
      content: "What is 2+2?",
    }, { role: "assistant", content: "4" }],
  },
  { messages: [{ role: "user", content: "What is 3+3?" }] },
].map((line) => JSON.stringify(line)).join("\n");

Deno.test("a run row turns the archives of a bucket into evaluations", () =>
  withProject(async (project) => {
    await project.upload("2026/chatgpt/conversations.json", chatgpt);
    await project.upload("2026/claude.json", claude);
    await project.upload("2026/finetune.jsonl", messages);
    await project.upload("2025/old.jsonl", messages);
    const id = await project.startRun(
      { type: "supabase", bucket: "archives", prefix: "2026/" },
      { experiment_name: "first", tags: ["e2e"] },
    );
    const run = await project.untilOver(id);
    assertEquals(
      [run.status, run.extracted, run.succeeded, run.failed, run.open],
      ["completed", 5, 5, 0, 0],
    );
    await project.checkInvariants(id);
    const rows = await project.sql`
      select prompt, response, reference, model, experiment_name, tags, success, attempts,
        source ->> 'path' as path, source ->> 'format' as format, tokens_used > 0 as counted
      from prompt_evaluations where run_id = ${id} order by prompt
    `;
    assertEquals({ ...rows[0] }, {
      prompt: "And in June?",
      response: "You said: And in June?",
      reference: null,
      model: "simulated",
      experiment_name: "first",
      tags: ["e2e"],
      success: true,
      attempts: 1,
      path: "2026/chatgpt/conversations.json",
      format: rows[0].format,
      counted: true,
    });
    assertEquals(rows.map((row) => row.reference), [
      null,
      "4",
      null,
      "To Lisbon.",
      "Roses",
    ]);
  }));

Deno.test("a second run on the same archives has the same prompt keys", () =>
  withProject(async (project) => {
    await project.upload("a.jsonl", messages);
    const source = { type: "supabase", bucket: "archives" };
    const first = await project.startRun(source);
    await project.untilOver(first);
    const second = await project.startRun({ type: "run", runId: first });
    const third = await project.startRun(source);
    await project.untilOver(second);
    await project.untilOver(third);
    const keys = await project.sql`
      select run_id, array_agg(prompt_key order by prompt_key) as keys
      from prompt_evaluations group by run_id order by run_id
    `;
    assertEquals(keys[1].keys, keys[0].keys);
    assertEquals(keys[2].keys, keys[0].keys);
  }));

Deno.test("a long list of prompts is worked on to its end, by a single worker too", () =>
  withProject(async (project) => {
    const prompts = Array.from({ length: 1_200 }, (_, n) => `prompt ${n}`);
    const first = await project.startRun({ type: "prompts", prompts }, {
      max_workers: 1,
    });
    await project.untilOver(first);
    const second = await project.startRun({ type: "run", runId: first });
    await project.untilOver(second);
    for (const id of [first, second]) {
      const run = await project.run(id);
      assertEquals(
        [run.status, run.extracted, run.succeeded, run.open],
        ["completed", 1_200, 1_200, 0],
      );
      await project.checkInvariants(id);
    }
    const [{ same }] = await project.sql`
      select count(*)::integer as same
      from prompt_evaluations as one
      join prompt_evaluations as other using (prompt_key, prompt)
      where one.run_id = ${first} and other.run_id = ${second}
    `;
    assertEquals(same, 1_200);
  }));

Deno.test("an empty prefix completes with no prompts and says so", () =>
  withProject(async (project) => {
    const id = await project.startRun({
      type: "supabase",
      bucket: "archives",
      prefix: "nothing/",
    });
    const run = await project.untilOver(id);
    assertEquals(run.status, "completed");
    assertEquals(run.extracted, 0);
    assertMatch(run.notice!, /No prompts/);
  }));

Deno.test("a bucket that does not exist fails the run with that reason", () =>
  withProject(async (project) => {
    const id = await project.startRun({ type: "supabase", bucket: "nowhere" });
    const run = await project.untilOver(id);
    assertEquals(run.status, "failed");
    assertMatch(run.error!, /bucket "nowhere"/);
  }));

Deno.test("broken archives give what can be read and one error for each loss", () =>
  withProject(async (project) => {
    const line = (text: string) =>
      JSON.stringify({ messages: [{ role: "user", content: text }] });
    await project.upload("bom.jsonl", `\ufeff${line("with a mark")}`);
    await project.upload("noise.bin", new Uint8Array([0, 255, 17, 3, 200, 9]));
    await project.upload(
      "cut.jsonl",
      `${line("whole")}\n${line("cut").slice(0, 30)}`,
    );
    await project.upload(
      "nulls.jsonl",
      `null\n${line("after null")}\n{"broken"`,
    );
    await project.upload(
      "large.jsonl",
      `${line("x".repeat(20_000_000))}\n${line("after the large one")}`,
    );
    await project.upload(
      "utf8.jsonl",
      new Uint8Array([
        ...new TextEncoder().encode(`${line("fine")}\n`),
        ...new TextEncoder().encode(
          '{"messages":[{"role":"user","content":"bad ',
        ),
        0xff,
        ...new TextEncoder().encode('"}]}\n'),
      ]),
    );
    const id = await project.startRun(
      { type: "supabase", bucket: "archives" },
      { options: { maxLength: 1000 } },
    );
    const run = await project.untilOver(id);
    assertEquals(run.status, "completed");
    const prompts = await project.sql`
      select prompt from prompt_evaluations where run_id = ${id} order by prompt
    `;
    const texts = prompts.map(({ prompt }) => prompt);
    for (
      const text of [
        "after null",
        "after the large one",
        "fine",
        "whole",
        "with a mark",
      ]
    ) {
      assert(texts.includes(text), `${text} is missing in ${texts}`);
    }
    const errors = await project.sql`
      select path, "offset", code from pipeline_errors where run_id = ${id} order by path, "offset"
    `;
    const paths = errors.map(({ path }) => path);
    for (
      const path of ["cut.jsonl", "noise.bin", "nulls.jsonl", "utf8.jsonl"]
    ) {
      assert(paths.includes(path), `no error for ${path} in ${paths}`);
    }
    assert(errors.every((error) => error.offset !== null));
    const cut = errors.find(({ path }) => path === "cut.jsonl")!;
    assertEquals(Number(cut.offset), line("whole").length + 1);
  }));
