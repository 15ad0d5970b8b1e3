import { levenshteinDistance } from "@std/text/levenshtein-distance";
import { isJsonObject } from "../../model/json_value.ts";

/** A comparison takes at most so many parts of both values, and so many pairs of characters. */
const MOST_PARTS = 20_000;
const MOST_PAIRS = 10_000_000;

/** How alike two JSON values are, and where they are not. */
export interface JsonLikeness {
  /** From 0 to 1; 1: they are equal. */
  score: number;
  /** Places that differ, such as `/city`, at most 20. */
  differences: string[];
}

/**
 * Compares part by part, as autoevals' JSONDiff does (braintrustdata/autoevals, js/json.ts): objects by
 * the mean over the keys of both, lists by place, texts by edit distance, numbers by their relative
 * difference; what is of another type is 0, and what is missing on one side, too, and so are texts that
 * differ and are too long for edit distance.
 *
 * @throws {RangeError} when the values are too large to be compared
 */
export function compareJson(actual: unknown, expected: unknown): JsonLikeness {
  const differences: string[] = [];
  let parts = 0;
  let pairs = 0;

  function compare(a: unknown, b: unknown, path: string): number {
    if (++parts > MOST_PARTS) {
      throw new RangeError(`the values have more than ${MOST_PARTS} parts`);
    }
    if (Array.isArray(a) && Array.isArray(b)) {
      const length = Math.max(a.length, b.length);
      return mean(
        Array.from({ length }, (_, n) => compare(a[n], b[n], `${path}/${n}`)),
      );
    }
    if (isJsonObject(a) && isJsonObject(b)) {
      const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])];
      return mean(
        keys.map((key) => compare(own(a, key), own(b, key), `${path}/${key}`)),
      );
    }
    const score = compareScalars(a, b);
    if (score < 1 && differences.length < 20) differences.push(path || "/");
    return score;
  }

  function compareScalars(a: unknown, b: unknown): number {
    if (a === b) return 1;
    if (typeof a === "number" && typeof b === "number") {
      const share = 1 - Math.abs(a - b) / Math.max(Math.abs(a), Math.abs(b));
      // 1e999 is read as infinity.
      return Number.isFinite(share) ? Math.max(0, share) : 0;
    }
    if (typeof a !== "string" || typeof b !== "string") return 0;
    if (pairs + a.length * b.length > MOST_PAIRS) return 0;
    pairs += a.length * b.length;
    const longer = Math.max([...a].length, [...b].length);
    return 1 - levenshteinDistance(a, b) / longer;
  }

  return { score: compare(actual, expected, ""), differences };
}

/** The mean; of nothing, such as the keys of two empty objects, 1. */
function mean(scores: number[]): number {
  if (scores.length === 0) return 1;
  return scores.reduce((sum, score) => sum + score, 0) / scores.length;
}

function own(object: Record<string, unknown>, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}
