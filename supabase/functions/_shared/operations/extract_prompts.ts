import type * as z from "zod";
import type { extractOptionsSchema } from "../archive/options.ts";
import {
  type ExtractEvent,
  type FileReport,
  readArchives,
  type UnreadArchive,
} from "../archive/read_archives.ts";
import { countBytes } from "../count_bytes.ts";
import { type OperationError, PipelineError } from "../errors.ts";
import type { Prompt } from "../prompt.ts";
import type { ArchiveStorage } from "../storage.ts";
import type { Database } from "../database.ts";
import { type Caller, checkFolderOf, ownerOf } from "./caller.ts";
import type { SourceOf } from "./data_source.ts";
import { DryRun, type Price } from "./dry_run.ts";
import { readPages } from "../tables/read_pages.ts";
import type {
  ExtractPromptsOutput,
  extractPromptsSchema,
} from "./extract_prompts_schema.ts";
import { listPaths } from "./list_paths.ts";
import { takesVariables } from "../template/fill_template.ts";
import type { Template } from "../template/template_schema.ts";

export interface ExtractPromptsDependencies {
  caller: Caller;
  /** Absent where there is no project. */
  storage?: ArchiveStorage;
  /** Absent where there is no project. */
  database?: Database;
  /** Absent where local directories cannot be read, such as in an Edge Function. */
  readDirectory?(
    directory: string,
    options: z.output<typeof extractOptionsSchema>,
  ): AsyncIterable<ExtractEvent>;
  now(): number;
  /** What one call may use up; absent: everything. */
  limits?: ExtractLimits;
}

export interface ExtractLimits {
  milliseconds: number;
  /** Bytes of archive, because processor time is limited. */
  bytes: number;
  /** Characters of prompts, because the answer is held in memory. */
  characters: number;
}

/**
 * Prompts of archives in a bucket or a directory. What cannot be read is in `errors` with its file
 * and does not stop the others. When the limits of a direct call are reached the prompts so far are
 * answered, with one error `incomplete` that names the archives not read to their end.
 *
 * @throws {PipelineError} `invalid_request`: a local directory over HTTP; `forbidden`: a user outside
 * of the own folder; `not_found`: no such bucket
 */
export async function extractPrompts(
  input: z.output<typeof extractPromptsSchema>,
  dependencies: ExtractPromptsDependencies,
): Promise<ExtractPromptsOutput> {
  const {
    dataSource,
    directory,
    dryRun,
    endpoint,
    model,
    maxTokens,
    template,
    repetitions,
    ...choices
  } = input;
  const options = {
    ...choices,
    variables: choices.variables || takesVariables(template ?? {}),
  };
  const source = dataSource ??
    { type: "local" as const, directory: directory! };
  const dry = dryRun ? new DryRun(template, repetitions) : undefined;
  const output = source.type === "supabase" || source.type === "local" ||
      source.type === "table"
    ? await extract(source, options, dry, dependencies)
    : await measure(
      source,
      { template, most: options.maxPrompts },
      dry!,
      dependencies,
    );
  if (!dry) return output;
  const { summary } = dry;
  if (endpoint !== undefined) {
    summary.price = await estimate(
      {
        ...summary,
        endpoint,
        model,
        outputTokens: maxTokens,
        prompts: summary.prompts * summary.repetitions,
      },
      dependencies,
    );
  }
  return { ...output, total: summary.prompts, summary };
}

type Options = z.output<typeof extractOptionsSchema>;

async function extract(
  source: SourceOf<"local" | "table" | "supabase">,
  options: Options,
  dry: DryRun | undefined,
  dependencies: ExtractPromptsDependencies,
): Promise<ExtractPromptsOutput> {
  if (source.type === "local") {
    if (!dependencies.readDirectory) throw noDirectories(source.directory);
    return await collect(
      dependencies.readDirectory(source.directory, options),
      () => undefined,
      dry,
    );
  }
  if (source.type === "table") {
    return await extractFromTable(source, options, dry, dependencies);
  }
  if (!dependencies.storage) throw noProject("read Storage");
  checkFolderOf(dependencies.caller, source.prefix);
  return await extractFromStorage(source, options, dry, {
    ...dependencies,
    storage: dependencies.storage,
  });
}

/** Counts prompts that stand in a list or a set, or that an earlier run or sweep has asked. */
async function measure(
  source: SourceOf<"prompts" | "set" | "run" | "sweep">,
  { template, most }: { template?: Template; most?: number },
  dry: DryRun,
  { caller, database }: ExtractPromptsDependencies,
): Promise<ExtractPromptsOutput> {
  if (source.type === "prompts") {
    for (const prompt of source.prompts.slice(0, most)) {
      dry.addPrompt(typeof prompt === "string" ? { text: prompt } : prompt);
    }
  } else if (source.type !== "run") {
    if (!database) throw noProject("read a set");
    dry.addMeasured(
      await database.call("pipeline_measure_list", {
        source,
        owner: ownerOf(caller),
        most: most ?? null,
        template: template ?? null,
      }),
    );
  } else {
    if (!database) throw noProject("read a run");
    dry.addMeasured(
      await database.call("pipeline_measure_run", {
        run_id: source.runId as number,
        only_unanswered: source.onlyUnanswered ?? false,
        owner: ownerOf(caller),
        most: most ?? null,
        template: template ?? null,
      }),
    );
  }
  return { prompts: [], total: 0, errors: [] };
}

/** What the prompts may cost; users learn nothing of prices. */
async function estimate(
  { endpoint, model, prompts, inputTokens, outputTokens }: {
    endpoint: string;
    model?: string;
    prompts: number;
    inputTokens: number;
    outputTokens?: number;
  },
  { caller, database }: ExtractPromptsDependencies,
): Promise<Price> {
  if (!database) throw noProject("read prices");
  if (caller.kind === "user") {
    throw new PipelineError(
      "forbidden",
      "Cannot read the prices of an endpoint: they are the project's own. Leave endpoint out",
    );
  }
  return await database.call("pipeline_estimate_cost", {
    endpoint,
    prompts,
    input_tokens: inputTokens,
    output_tokens: outputTokens ?? null,
    model: model ?? null,
  });
}

function noProject(action: string): PipelineError {
  return new PipelineError(
    "invalid_request",
    `Cannot ${action}: there is no connection to a project`,
  );
}

async function extractFromTable(
  source: SourceOf<"table">,
  options: Options,
  dry: DryRun | undefined,
  { caller, database, now, limits }: ExtractPromptsDependencies,
): Promise<ExtractPromptsOutput> {
  if (!database) throw noProject("read a table");
  const deadline = limits ? now() + limits.milliseconds : Infinity;
  let characters = 0;
  const pages = readPages(database, source, ownerOf(caller), options);
  // What cannot be read at all is no archive that others stand beside.
  const first = await pages.next();
  async function* table(): AsyncGenerator<UnreadArchive> {
    yield {
      path: source.table,
      open: () => Promise.resolve({ events: withFirst(first, pages) }),
    };
  }
  return await collect(
    readArchives(table(), options, {}),
    (read) => {
      characters = read;
      return limits !== undefined &&
          (now() > deadline || characters > limits.characters)
        ? [source.table]
        : undefined;
    },
    dry,
  );
}

async function* withFirst<Item>(
  first: IteratorResult<Item>,
  rest: AsyncGenerator<Item>,
): AsyncGenerator<Item> {
  if (first.done) return;
  yield first.value;
  yield* rest;
}

async function extractFromStorage(
  { bucket, prefix }: SourceOf<"supabase">,
  options: Options,
  dry: DryRun | undefined,
  { storage, now, limits }: ExtractPromptsDependencies & {
    storage: ArchiveStorage;
  },
): Promise<ExtractPromptsOutput> {
  await storage.checkBucket(bucket);
  const paths = await listPaths(storage, bucket, prefix);
  const deadline = limits ? now() + limits.milliseconds : Infinity;
  const stop = new AbortController();
  let bytes = 0;
  let opened = 0;
  async function* archives(): AsyncGenerator<UnreadArchive> {
    for (const path of paths) {
      opened++;
      yield {
        bucket,
        path,
        open: async () => {
          const object = await storage.open(bucket, path, 0, stop.signal);
          return {
            ...object,
            bytes: countBytes(object.bytes, (count) => bytes += count),
          };
        },
      };
    }
  }
  const isSpent = (characters: number) =>
    limits !== undefined && (now() > deadline || bytes > limits.bytes ||
      characters > limits.characters);
  try {
    return await collect(
      readArchives(archives(), options, {}),
      (characters) =>
        isSpent(characters) ? paths.slice(Math.max(0, opened - 1)) : undefined,
      dry,
    );
  } finally {
    stop.abort();
  }
}

/** Gathers events, or counts them, until `restOf` names archives that are left. */
async function collect(
  events: AsyncIterable<ExtractEvent>,
  restOf: (characters: number) => string[] | undefined,
  dry: DryRun | undefined,
): Promise<ExtractPromptsOutput> {
  const prompts: Prompt[] = [];
  const errors: OperationError[] = [];
  let characters = 0;
  for await (const event of events) {
    if (event.type === "file") {
      errors.push(...toErrors(event.report));
      dry?.addFile(event.report);
    } else if (dry) dry.addPrompt(event.prompt);
    else {
      prompts.push(event.prompt);
      characters += event.prompt.text.length +
        (event.prompt.reference?.length ?? 0);
    }
    const rest = restOf(characters);
    if (rest && rest.length > 0) {
      errors.push(incomplete(rest));
      break;
    }
  }
  return { prompts, total: prompts.length, errors };
}

function toErrors(
  { path, originalPath, errors, leftOut }: FileReport,
): OperationError[] {
  return [...errors, ...leftOut].map(({ code, message, ...place }) => ({
    code,
    message,
    context: {
      file: path,
      ...originalPath !== undefined && { originalPath },
      ...place,
    },
  }));
}

const MOST_NAMED = 100;

function incomplete(rest: string[]): OperationError {
  return {
    code: "incomplete",
    message:
      `Stopped at the limit of a direct call: ${rest.length} archives are not read to their end. Use run_pipeline for all of them`,
    context: { rest: rest.slice(0, MOST_NAMED), restCount: rest.length },
  };
}

function noDirectories(directory: string): PipelineError {
  return new PipelineError(
    "invalid_request",
    `Cannot read the local directory "${directory}" over HTTP: upload it with deno task pipeline upload, or use the tool in scripts/tool.ts`,
  );
}
