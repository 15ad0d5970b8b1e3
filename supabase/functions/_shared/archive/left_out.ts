import { isObject, type Json, type JsonObject } from "./json.ts";

/** Kinds of records, messages and parts that are no turns, and why; `*` stands for any text. */
export type Ignored = Readonly<Record<string, string>>;

/** Takes what a format met and did not make a turn of. */
export interface LeftOutSink {
  /** `reason` is undefined for words that nobody decided to leave out. */
  leaveOut(kind: string, reason: string | undefined): void;
}

interface Reading {
  sink: LeftOutSink;
  ignored: Ignored;
  /** Helpers may look at the same thing twice. */
  seen: WeakSet<object> | undefined;
  /** How much was told so far. */
  told: number;
}

// Records are read synchronously, one at a time. So formats and the helpers that they share can tell
// what they leave out without handing the sink through every one of their functions.
let reading: Reading | undefined;

/** What `read` gives; what it leaves out goes to the sink, or nowhere without one. */
export function watchLeftOut<Result>(
  sink: LeftOutSink | undefined,
  ignored: Ignored | undefined,
  read: () => Result,
): Result {
  const outer = reading;
  reading = sink &&
    { sink, ignored: ignored ?? {}, seen: undefined, told: 0 };
  try {
    return read();
  } finally {
    reading = outer;
  }
}

/**
 * Tells that something is no turn. With a reason it was left out on purpose; what is not on the list
 * of its helper or format, and has words, is unknown. Each thing counts once. A function is asked for the
 * name only where somebody counts.
 */
export function leaveOut(
  name: string | typeof kindOf,
  thing: JsonObject,
  ignored: Ignored = {},
): void {
  if (reading === undefined || reading.seen?.has(thing)) return;
  // Most records leave nothing out.
  (reading.seen ??= new WeakSet()).add(thing);
  const kind = typeof name === "string" ? name : name(thing);
  const reason = reasonOf(kind, ignored) ?? reasonOf(kind, reading.ignored);
  if (reason === undefined && !hasWords(thing)) return;
  reading.told++;
  reading.sink.leaveOut(kind, reason);
}

/** What `read` gives, for a format inside of another one. */
export function alsoIgnoring<Result>(
  ignored: Ignored | undefined,
  read: () => Result,
): Result {
  if (reading === undefined || ignored === undefined) return read();
  const outer = reading.ignored;
  reading.ignored = { ...outer, ...ignored };
  try {
    return read();
  } finally {
    reading.ignored = outer;
  }
}

/** What `read` gives, and true when that is nothing and it told of nothing that it left out. */
export function readOrSilent<Result>(
  read: () => Result | undefined,
): [Result | undefined, boolean] {
  const before = reading?.told;
  const result = read();
  return [result, result === undefined && reading?.told === before];
}

function reasonOf(kind: string, ignored: Ignored): string | undefined {
  if (Object.hasOwn(ignored, kind)) return ignored[kind];
  for (const name in ignored) {
    if (name.includes("*") && patternOf(name).test(kind)) return ignored[name];
  }
  return undefined;
}

const patterns = new Map<string, RegExp>();

function patternOf(name: string): RegExp {
  let pattern = patterns.get(name);
  if (pattern === undefined) {
    const parts = name.split("*")
      .map((part) => part.replace(/[^\w /-]/g, "\\$&"));
    pattern = new RegExp(`^${parts.join(".*")}$`);
    patterns.set(name, pattern);
  }
  return pattern;
}

const INNER_KEYS = [
  "attachment",
  "payload",
  "item",
  "message",
  "msg",
  "event",
  "data",
];
const LONGEST_NAME = 40;

/** What a record calls itself, such as `attachment/queued_command` or `event_msg/item_completed/Plan`. */
export function kindOf(record: JsonObject): string {
  const names: string[] = [];
  let place: JsonObject | undefined = record;
  while (place !== undefined && names.length < 4) {
    const name = nameOf(place);
    if (name !== undefined && name !== names.at(-1)) names.push(name);
    const around: JsonObject = place;
    place = INNER_KEYS.map((key) => around[key])
      .find((inner): inner is JsonObject =>
        isObject(inner) && nameOf(inner) !== undefined
      );
  }
  return names.length > 0 ? names.join("/") : namesIn(record);
}

/** The first members of a record that has no name of its own. */
export function namesIn(record: JsonObject): string {
  const keys = Object.keys(record).slice(0, 4);
  return `{${keys.map((key) => key.slice(0, LONGEST_NAME)).join(", ")}}`;
}

function nameOf(place: JsonObject): string | undefined {
  const name = place.type ?? place.role ?? place.kind ?? place.event ??
    place.action ?? place.observation ?? place.sender ?? place.author;
  return typeof name === "string" && name !== ""
    ? name.slice(0, LONGEST_NAME)
    : undefined;
}

// Under these names programs keep words; under others names, paths and settings.
const WORD_KEYS =
  /^(?:text|content|contents|message|msg|messages|prompt|query|question|answer|input|output|value|body|response|parts|words|markdown|html|blocks)$/i;
const MOST_DEPTH = 8;

function hasWords(value: Json | undefined, depth = 0): boolean {
  if (depth > MOST_DEPTH) return false;
  if (Array.isArray(value)) {
    return value.slice(0, 100).some((entry) =>
      typeof entry === "object" && hasWords(entry, depth + 1)
    );
  }
  if (!isObject(value)) return false;
  return Object.entries(value).some(([key, inner]) =>
    WORD_KEYS.test(key) && isSaid(inner) ||
    typeof inner === "object" && hasWords(inner, depth + 1)
  );
}

function isSaid(value: Json | undefined): boolean {
  return typeof value === "string"
    ? /\S/.test(value)
    : Array.isArray(value) && value.some((entry) => typeof entry === "string");
}
