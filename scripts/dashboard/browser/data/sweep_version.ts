import { isActive } from "./runs.ts";
import type { VariantRun } from "./sweeps.ts";

/**
 * Another text when the variants of a sweep have to be ranked anew: a million answers take seconds to
 * rank, so it is done when a variant is over or was answered further since, not at each look.
 */
export function versionOf(
  runs: Pick<VariantRun, "id" | "status" | "done" | "failed">[],
): string {
  return JSON.stringify(
    runs.map(({ id, status, done, failed }) =>
      isActive({ status }) ? [id, status] : [id, status, done, failed]
    ),
  );
}
