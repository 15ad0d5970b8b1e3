import type { RunId } from "../run_id.ts";
import type { Config } from "../config.ts";
import { createDatabase, createServiceClient } from "../database.ts";
import { createProjectDns } from "../model/project_dns.ts";
import { systemClock } from "../queue/system_clock.ts";
import type { Assignment } from "./assignment.ts";
import { VERSION } from "../version.ts";
import { longestCall } from "../worker_facts.ts";
import { Isolate, readMemory } from "./isolate.ts";
import { runWorker } from "./run_worker.ts";

// The Supabase Edge Runtime defines it and has no type package.
declare const EdgeRuntime: { waitUntil(work: Promise<unknown>): void };

/**
 * The queue's functions answer in milliseconds: a call that takes this long hangs on a connection
 * to a database that is gone, and is better made again.
 */
const CALL_TIMEOUT_MS = 10_000;

/** A worker in this isolate, beside the requests that it answers. */
export interface BackgroundWorker {
  /** Spends the token of a wake; null when it is worth nothing (any more). */
  start(workerId: string, token: string): Promise<Assignment | null>;
  /** Works until nothing is to come or the time is up. */
  work(assignment: Assignment): Promise<void>;
  /** Keeps the isolate alive after the answer. */
  waitUntil(work: Promise<void>): void;
  /**
   * Works on a run whose wake is still under way, instead of waiting for it; does nothing when the
   * wake has arrived, or when there is none.
   */
  begin(runId: RunId): void;
}

/** Listens for the end of the isolate, when everything that is held is given back. */
export function createBackgroundWorker(config: Config): BackgroundWorker {
  const database = createDatabase(
    createServiceClient(config.supabaseUrl, config.secretKey, CALL_TIMEOUT_MS),
  );
  const isolate = new Isolate(readMemory);
  const call_seconds = longestCall(config.workerSeconds);
  const dns = createProjectDns(config.supabaseUrl, Deno.resolveDns);
  const stop = new AbortController();
  addEventListener("beforeunload", (event) => {
    // "cpu", "memory", "wall_clock", "early_drop" or "termination".
    const { reason } = (event as CustomEvent).detail ?? {};
    stop.abort(new Error("beforeunload", { cause: reason }));
  });

  async function work(assignment: Assignment): Promise<void> {
    const begun = { at: systemClock.now(), load: 0 };
    let next: Assignment | null | void = assignment;
    while (next) {
      next = await runWorker(next, {
        config,
        database,
        fetch,
        resolveDns: dns.resolve,
        clock: systemClock,
        stop: stop.signal,
        isolate,
      }, begun).catch(console.error);
    }
  }

  async function takeWake(runId: RunId): Promise<void> {
    // The wake will arrive, and maintenance wakes again: to fail here is to be late, not lost.
    const wake: Promise<Assignment | null> = database.call(
      "pipeline_take_wake",
      {
        run_id: runId as number,
        isolate: isolate.id,
        call_seconds,
        version: VERSION,
      },
    );
    const assignment = await wake.catch(console.error);
    if (assignment) await work(assignment);
  }

  function waitUntil(promise: Promise<void>): void {
    EdgeRuntime.waitUntil(promise);
  }

  return {
    start: (workerId, token) =>
      database.call("pipeline_start_worker", {
        worker_id: workerId,
        token,
        isolate: isolate.id,
        call_seconds,
        version: VERSION,
      }),
    work,
    waitUntil,
    begin: (runId) => waitUntil(takeWake(runId)),
  };
}
