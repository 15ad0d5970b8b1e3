import { assertEquals, assertRejects } from "@std/assert";
import { PipelineError } from "../errors.ts";
import { executeBatchSchema } from "./execute_batch_schema.ts";
import { defineOperation } from "./operation.ts";
import { extractPromptsSchema } from "./extract_prompts_schema.ts";
import { runPipelineSchema } from "./run_pipeline.ts";
import type { Services } from "./services.ts";
import { storeResultsSchema } from "./store_results.ts";

const HOSTILE = [
  {
    input: runPipelineSchema,
    body: { dataSource: { type: "prompts", prompts: zeros() } },
  },
  {
    input: extractPromptsSchema,
    body: {
      dataSource: { type: "supabase", bucket: "a" },
      include: zeros(),
      redact: zeros(),
    },
  },
  { input: executeBatchSchema, body: { endpoint: "e", prompts: zeros() } },
  {
    input: executeBatchSchema,
    body: { endpoint: "e", prompts: [{ text: "a", messages: zeros() }] },
  },
  { input: storeResultsSchema, body: { responses: zeros().map(() => ({})) } },
  {
    input: storeResultsSchema,
    body: { responses: [{ prompt: "a", success: true, toolCalls: zeros() }] },
  },
  {
    input: storeResultsSchema,
    body: { responses: [], batchMetadata: { tags: zeros() } },
  },
  {
    input: runPipelineSchema,
    body: { dataSource: { type: "run", runId: 1 }, evaluators: zeros() },
  },
];

function zeros(): unknown[] {
  return Array(200_000).fill(0);
}

Deno.test("an operation lists the first hundred problems of a body, and looks for no more", async () => {
  for (const { input, body } of HOSTILE) {
    const operation = defineOperation({
      summary: "",
      input,
      output: input,
      maxBodyBytes: 0,
      run: () => Promise.resolve(),
    });
    const startedAt = performance.now();
    const { errors, message } = await assertRejects(
      () => operation.run(body, {} as Services),
      PipelineError,
    ) as PipelineError;
    assertEquals(errors.length <= 110, true, `${errors.length} problems`);
    assertEquals(
      message.length < 100_000,
      true,
      `${message.length} characters`,
    );
    assertEquals(performance.now() - startedAt < 5_000, true);
  }
});

Deno.test("a hundred problems of one parse say nothing of the next", () => {
  const isTaken = (responses: unknown[]) =>
    storeResultsSchema.safeParse({ responses }).success;
  assertEquals(isTaken(zeros().map(() => ({}))), false);
  assertEquals(isTaken([{}]), false);
  assertEquals(isTaken([{ prompt: "a", success: true }]), true);
});
