import { concat } from "@std/bytes/concat";
import process from "node:process";
import { extractOptionsSchema } from "../../supabase/functions/_shared/archive/options.ts";
import { readArchive } from "../../supabase/functions/_shared/archive/read_archive.ts";
import {
  findValueEnd,
  type ValueSearch,
} from "../../supabase/functions/_shared/archive/records/value_end.ts";
import {
  ARCHIVE_SHAPES,
  type ArchiveShape,
  generateArchive,
} from "./generate_archive.ts";
import type { Measurement } from "./measurement.ts";
import type { WholeParse } from "./parse_whole.ts";

const MEGABYTE = 1024 * 1024;
const SPEED_BYTES = 200 * MEGABYTE;
const MEMORY_BYTES = 1024 * MEGABYTE;
const CHUNK_BYTES = 256 * 1024;
const ROUNDS = 8;

/**
 * Extraction of generated archives: speed against the bare loop and against parsing the whole file,
 * in turn, the best of 8 rounds each; then the memory of a process of its own. Speed is per CPU second,
 * which is what an isolate has 2 of, and which other programs on the machine change less.
 */
export async function* measureExtract(): AsyncGenerator<Measurement> {
  for (const shape of ARCHIVE_SHAPES) yield* measureSpeed(shape);
  for (const shape of ARCHIVE_SHAPES) yield await measureMemory(shape);
}

async function* measureSpeed(
  shape: ArchiveShape,
): AsyncGenerator<Measurement> {
  let bytes = concat([...generateArchive(shape, SPEED_BYTES)]);
  const best = { extract: 0, loop: 0, whole: 0 };
  for (let round = 0; round < ROUNDS; round++) {
    const loop = await speed(bytes, () => bareLoop(shape, bytes));
    const extract = await speed(bytes, () => extractAll(bytes));
    const whole = await parseWhole(bytes);
    bytes = whole.bytes;
    best.loop = Math.max(best.loop, loop);
    best.extract = Math.max(best.extract, extract);
    best.whole = Math.max(best.whole, bytes.length / whole.took);
  }
  const value = best.extract;
  const unit = "MB/CPU s";
  yield {
    name: `extract ${shape} (limit: bare loop)`,
    value,
    unit,
    limit: best.loop,
    ratio: value / best.loop,
    goal: "at least 0.8",
  };
  yield {
    name: `extract ${shape} (limit: parsing the whole file)`,
    value,
    unit,
    limit: best.whole,
    ratio: value / best.whole,
    goal: "at least 1.5",
  };
}

/** MB per CPU second. */
async function speed(
  bytes: Uint8Array,
  read: () => number | Promise<number>,
): Promise<number> {
  const before = process.cpuUsage();
  const conversations = await read();
  const { user, system } = process.cpuUsage(before);
  if (conversations === 0) throw new Error("Cannot measure: nothing was read");
  return bytes.length / (user + system);
}

async function parseWhole(bytes: WholeParse["bytes"]): Promise<WholeParse> {
  const worker = new Worker(new URL("parse_whole.ts", import.meta.url), {
    type: "module",
  });
  const { promise, resolve, reject } = Promise.withResolvers<WholeParse>();
  worker.onmessage = ({ data }) => resolve(data);
  worker.onerror = ({ message }) =>
    reject(new Error(`Cannot parse the whole archive: ${message}`));
  worker.postMessage(bytes, [bytes.buffer]);
  try {
    return await promise;
  } finally {
    worker.terminate();
  }
}

async function extractAll(bytes: Uint8Array): Promise<number> {
  const options = extractOptionsSchema.parse({});
  let at = 0;
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (at >= bytes.length) return controller.close();
      controller.enqueue(bytes.subarray(at, at + CHUNK_BYTES));
      at += CHUNK_BYTES;
    },
  });
  let conversations = 0;
  for await (const event of readArchive(stream, { path: "bench" }, options)) {
    if (event.type === "error") throw new Error(event.error.message);
    if (event.type === "end") conversations = event.conversations;
  }
  return conversations;
}

/** What no reader of one conversation at a time can beat: find its end, decode it, parse it. */
function bareLoop(shape: ArchiveShape, bytes: Uint8Array): number {
  const decoder = new TextDecoder();
  const search: ValueSearch = { depth: 0, inString: false, at: 0 };
  let conversations = 0;
  for (let at = shape === "messages" ? 0 : 1; at < bytes.length;) {
    let end: number;
    if (shape === "messages") end = bytes.indexOf(0x0a, at);
    else {
      search.depth = 0;
      search.at = at;
      end = findValueEnd(bytes, bytes.length, search);
    }
    if (end < 0) break;
    const conversation = JSON.parse(decoder.decode(bytes.subarray(at, end)));
    if (conversation !== null) conversations++;
    // Behind a conversation stands a comma or a line break.
    at = end + 1;
  }
  return conversations;
}

/** Peak memory above the idle process while an archive streams through it. */
async function measureMemory(shape: ArchiveShape): Promise<Measurement> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      // As in the task `pipeline`: V8 lets new objects fill 48 MB before it looks which are alive, and
      // with 12 MB takes no longer.
      "--v8-flags=--max-semi-space-size=4",
      new URL("extract_memory.ts", import.meta.url).pathname,
    ],
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const input = child.stdin.getWriter();
  for (const chunk of generateArchive(shape, MEMORY_BYTES)) {
    await input.write(chunk);
  }
  await input.close();
  const { stdout, success } = await child.output();
  if (!success) throw new Error(`Cannot measure the memory for ${shape}`);
  const value = JSON.parse(new TextDecoder().decode(stdout)).aboveIdle;
  return {
    name: `extract ${shape}, 1 GB: memory above idle`,
    value: value / MEGABYTE,
    unit: "MB",
    goal: "at most 64",
  };
}
