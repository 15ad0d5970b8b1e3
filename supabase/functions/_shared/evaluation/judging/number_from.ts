import * as z from "zod";

/** A number, also as text. */
export function numberFrom(min: number, max: number) {
  return z.preprocess(
    (value) =>
      typeof value === "string" && /^\s*-?\d+(\.\d+)?\s*$/.test(value)
        ? Number(value)
        : value,
    z.number().min(min).max(max),
  );
}
