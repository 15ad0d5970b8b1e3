import { isJsonObject } from "./json_value.ts";

type Step = string | number | "*";

/** Reads the value a path leads to; undefined when there is none. */
export type JsonPath = (value: unknown) => unknown;

const STEP = /\.?([A-Za-z_$][\w$-]*)|\[(-?\d+)\]|\[(['"])(.*?)\3\]|(\[\*\])/gy;

/**
 * Compiles a path such as `choices[0].message.content`, `$['odd key'].text` or
 * `content[*].text`. A negative index counts from the end; `[*]` gives the list
 * of what the rest of the path finds in each element.
 *
 * Throws `TypeError` for text that is not such a path. This is the part of
 * JSONPath (RFC 9535) that names places in one response; filters and descent
 * are left out, because they have no use here and cost time on every response.
 */
export function compileJsonPath(path: string): JsonPath {
  const steps: Step[] = [];
  const wild = new Set<number>();
  let position = path.startsWith("$") ? 1 : 0;
  while (position < path.length) {
    STEP.lastIndex = position;
    const found = STEP.exec(path);
    if (!found) throw invalidPath(path, position);
    const [whole, name, index, , quoted, star] = found;
    if (star) wild.add(steps.length);
    steps.push(star ?? (index === undefined ? name ?? quoted : Number(index)));
    position += whole.length;
  }
  return (value) => follow(value, steps, wild, 0);
}

function follow(
  value: unknown,
  steps: Step[],
  wild: Set<number>,
  from: number,
): unknown {
  for (let at = from; at < steps.length; at++) {
    const step = steps[at];
    if (wild.has(at)) {
      if (!Array.isArray(value)) return undefined;
      return value.map((element) => follow(element, steps, wild, at + 1))
        .filter((element) => element !== undefined);
    }
    if (typeof step === "number") {
      value = Array.isArray(value) ? value.at(step) : undefined;
    } else {
      value = isJsonObject(value) && Object.hasOwn(value, step)
        ? value[step]
        : undefined;
    }
  }
  return value;
}

function invalidPath(path: string, position: number): TypeError {
  return new TypeError(
    `Cannot read the JSON path "${path}" at character ${position + 1}: ` +
      "write it like choices[0].message.content",
  );
}
