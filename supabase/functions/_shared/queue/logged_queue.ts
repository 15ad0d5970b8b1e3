import type { Clock } from "../clock.ts";
import type { Log, LogFacts } from "../log.ts";
import type { RunStatus, TaskOutcome, TaskQueue } from "./task_queue.ts";

/** Whose work the lines tell about. */
export interface LoggedWorker {
  worker: string;
  run: number;
  stage: string;
  endpoint?: string;
}

/**
 * A worker's queue that tells the log what passes through it: its start and end, each pause, rate
 * limit, hand-over and result that could not be stored. Codes and counts only: messages of errors may
 * quote what a model was asked or said.
 */
export function logQueue(
  queue: TaskQueue,
  about: LoggedWorker,
  log: Log,
  { clock, stop }: { clock: Clock; stop: AbortSignal },
): TaskQueue {
  const { worker, run, stage, endpoint } = about;
  const began = clock.now();
  const done = { finished: 0, lost: 0, released: 0, calls: 0 };
  const failures: Record<string, number> = {};
  let status: RunStatus = "running";
  let lastClaim: "handed over" | "no slot" | "no work" | undefined;

  const tell = (
    level: Parameters<Log>[0],
    event: string,
    facts: LogFacts = {},
  ) => log(level, event, { run, stage, worker, endpoint, ...facts });

  function heed(now: RunStatus): void {
    if (now !== status) {
      tell(now === "paused" ? "warn" : "info", "run status", { status: now });
    }
    status = now;
  }

  function count(outcome: TaskOutcome): void {
    if (outcome.durationMs !== undefined) done.calls++;
    if (outcome.outcome === "succeeded") return;
    const { code } = outcome.error;
    failures[code] = (failures[code] ?? 0) + 1;
  }

  function whyItEnds(problem: string | undefined): string {
    if (stop.aborted) return String(stop.reason?.cause ?? "isolate ends");
    if (problem !== undefined) return "problem";
    if (status !== "running") return `run ${status}`;
    return lastClaim ?? "budget spent";
  }

  tell("info", "worker started");
  return {
    ...queue,
    async claim(holding) {
      const claim = await queue.claim(holding);
      heed(claim.status);
      lastClaim = claim.handedOver
        ? "handed over"
        : claim.noShare
        ? "no slot"
        : claim.tasks.length === 0 && claim.waitMs === null
        ? "no work"
        : undefined;
      return claim;
    },
    async finish(results) {
      const answer = await queue.finish(results);
      const kept = new Set(answer.finished);
      for (const { task, outcome } of results) {
        if (!kept.has(task.id)) done.lost++;
        else {
          done.finished++;
          count(outcome);
        }
        if (
          outcome.outcome === "failed" && outcome.error.code === "not_storable"
        ) {
          tell("warn", "result refused", { task: task.id });
        }
      }
      if (answer.blockedMs > 0) {
        tell("warn", "cool-down", { ms: Math.round(answer.blockedMs) });
      }
      heed(answer.status);
      return answer;
    },
    async release(tasks) {
      await queue.release(tasks);
      done.released += tasks.length;
    },
    async handOver(capacity) {
      await queue.handOver(capacity);
      tell("info", "hand-over", { capacity });
    },
    async end(how) {
      try {
        return await queue.end(how);
      } finally {
        tell("info", "worker ended", {
          why: whyItEnds(how.problem),
          ...done,
          failures,
          durationMs: Math.round(clock.now() - began),
        });
      }
    },
  };
}
