import {
  type ArchiveFormat,
  buildAll,
} from "../../supabase/functions/_shared/archive/formats/format.ts";
import {
  isObject,
  type Json,
  type JsonObject,
} from "../../supabase/functions/_shared/archive/json.ts";

/**
 * The members that a format looks at, found by reading records that tell what is asked of them, each
 * also without every member that was read: what is looked for in its place shows then too.
 */
export function readMembers(
  format: ArchiveFormat,
  records: readonly Json[],
): string[] {
  const paths = new Set<string>();
  for (const record of records.filter((one) => format.matches(one))) {
    const present = read(format, record, paths);
    for (const path of present) read(format, without(record, path), paths);
  }
  return withoutContainers([...paths].sort());
}

/** What is told by the members inside of it, and lists that hold themselves, need no line of their own. */
function withoutContainers(paths: string[]): string[] {
  return paths.filter((path) =>
    !/(\b\w+\[\])\.(?:.*\.)?\1/.test(path) &&
    !paths.some((other) =>
      other.startsWith(`${path}.`) || other.startsWith(`${path}[`)
    )
  );
}

const PART = new Set(["content", "text", "thought", "type", "value"]);

/**
 * The same with `messages[].…` for the members that messages have in every format, and
 * `content[].…` for those of their parts.
 */
export function shortened(
  paths: readonly string[],
  common: readonly string[],
): string[] {
  const parts = collapsed(paths, "thought", PART);
  return collapsed(
    parts,
    "sender",
    new Set(collapsed(common, "thought", PART)),
  );
}

/** Wherever there is the mark, the known names beside it are one entry. */
function collapsed(
  paths: readonly string[],
  mark: string,
  known: ReadonlySet<string>,
): string[] {
  const prefixes = paths
    .filter((path) => path === mark || path.endsWith(`.${mark}`))
    .map((path) => path.slice(0, -mark.length))
    .sort((a, b) => b.length - a.length);
  const short = paths.map((path) => {
    const prefix = prefixes.find((one) =>
      path.startsWith(one) && known.has(path.slice(one.length))
    );
    return prefix === undefined ? path : `${prefix}…`;
  });
  return [...new Set(short)];
}

type Path = (string | number)[];

/** Reads one record, adds the names of what was asked for, and gives the paths of what there was. */
function read(format: ArchiveFormat, record: Json, names: Set<string>): Path[] {
  const present: Path[] = [];
  const told = recording(record, [], (path, isThere) => {
    names.add(nameOf(path));
    if (isThere && present.length < MOST_VARIANTS) present.push(path);
  });
  try {
    if (format.kind === "conversation") format.read(told);
    else if (format.kind === "message" && isObject(told)) {
      buildAll(format, [told]);
    }
  } catch {
    // A member is missing that must not be; what was asked for until then was told.
  }
  return present;
}

const MOST_VARIANTS = 400;

function recording(
  value: Json,
  path: Path,
  tell: (path: Path, isThere: boolean) => void,
): Json {
  if (value === null || typeof value !== "object") return value;
  return new Proxy(value, {
    get(target, key, receiver) {
      const inner = Reflect.get(target, key, receiver);
      if (typeof key !== "string") return inner;
      if (Array.isArray(target)) {
        return /^\d+$/.test(key)
          ? recording(inner, [...path, Number(key)], tell)
          : inner;
      }
      // Asked by languages, not by formats.
      if (key in Object.prototype || key === "toJSON") return inner;
      tell([...path, key], Object.hasOwn(target, key));
      return inner === undefined
        ? undefined
        : recording(inner, [...path, key], tell);
    },
  }) as Json;
}

function without(record: Json, path: Path): Json {
  const copy = structuredClone(record);
  let place = copy as JsonObject;
  for (const key of path.slice(0, -1)) place = place[key] as JsonObject;
  delete place[path.at(-1)!];
  return copy;
}

/** `messages[].content`; keys that are ids are `*`. */
function nameOf(path: Path): string {
  return path.map((key) =>
    typeof key === "number"
      ? "[]"
      : /^[A-Za-z$@_][\w$@.-]*$/.test(key) && !/^[a-z]{0,2}\d+$/.test(key) &&
          key.length > 1
      ? `.${key}`
      : ".*"
  ).join("").replace(/^\./, "");
}
