import {
  evaluateResults,
  evaluateResultsOutputSchema,
  evaluateResultsSchema,
} from "./evaluate_results.ts";
import { executeBatch } from "./execute_batch.ts";
import { executeByRun } from "./execute_by_run.ts";
import {
  executeBatchOutputSchema,
  executeBatchSchema,
} from "./execute_batch_schema.ts";
import { extractPrompts } from "./extract_prompts.ts";
import {
  extractPromptsOutputSchema,
  extractPromptsSchema,
} from "./extract_prompts_schema.ts";
import { defineOperation } from "./operation.ts";
import {
  runPipeline,
  runPipelineOutputSchema,
  runPipelineSchema,
} from "./run_pipeline.ts";
import { runSweep, runSweepOutputSchema, runSweepSchema } from "./run_sweep.ts";
import {
  savePromptSet,
  savePromptSetOutputSchema,
  savePromptSetSchema,
} from "./save_prompt_set.ts";
import { projectOf } from "./services.ts";
import {
  storeResults,
  storeResultsOutputSchema,
  storeResultsSchema,
} from "./store_results.ts";

const MEGABYTE = 1_000_000;

/** Every operation by its name; a new one is a file and an entry here. */
export const OPERATIONS = {
  extract_prompts: defineOperation({
    summary: "Read the prompts of conversation archives",
    input: extractPromptsSchema,
    output: extractPromptsOutputSchema,
    maxBodyBytes: MEGABYTE,
    run: (input, services) =>
      extractPrompts(input, {
        caller: services.caller,
        storage: services.project?.storage,
        database: services.project?.database,
        readDirectory: services.readDirectory,
        now: services.clock.now,
        limits: services.limits,
      }),
  }),
  execute_batch: defineOperation({
    summary: "Send prompts to a model and answer with its responses",
    input: executeBatchSchema,
    output: executeBatchOutputSchema,
    maxBodyBytes: 10 * MEGABYTE,
    run: (input, services) =>
      input.endpoint === undefined
        ? executeBatch(input, services)
        : executeByRun(input, { ...services, ...projectOf(services) }),
    isUnfinished: ({ status }) => status === "queued" || status === "running",
  }),
  store_results: defineOperation({
    summary: "Store responses in a results table",
    input: storeResultsSchema,
    output: storeResultsOutputSchema,
    maxBodyBytes: 10 * MEGABYTE,
    run: (input, services) =>
      storeResults(input, { ...services, ...projectOf(services) }),
  }),
  evaluate_results: defineOperation({
    summary: "Score stored responses with evaluators",
    input: evaluateResultsSchema,
    output: evaluateResultsOutputSchema,
    maxBodyBytes: MEGABYTE,
    run: (input, services) =>
      evaluateResults(input, { ...services, ...projectOf(services) }),
  }),
  run_pipeline: defineOperation({
    summary: "Start a run on the server: extract, execute, store, evaluate",
    input: runPipelineSchema,
    output: runPipelineOutputSchema,
    maxBodyBytes: 10 * MEGABYTE,
    run: (input, services) =>
      runPipeline(input, { ...services, ...projectOf(services) }),
  }),
  run_sweep: defineOperation({
    summary: "Start several runs over the same prompts, to be compared",
    input: runSweepSchema,
    output: runSweepOutputSchema,
    maxBodyBytes: 10 * MEGABYTE,
    run: (input, services) =>
      runSweep(input, { ...services, ...projectOf(services) }),
  }),
  save_prompt_set: defineOperation({
    summary: "Save prompts under a name, to be asked again",
    input: savePromptSetSchema,
    output: savePromptSetOutputSchema,
    maxBodyBytes: 10 * MEGABYTE,
    run: (input, services) =>
      savePromptSet(input, { ...services, ...projectOf(services) }),
  }),
};

export type OperationName = keyof typeof OPERATIONS;

export const OPERATION_NAMES = Object.keys(OPERATIONS) as OperationName[];
