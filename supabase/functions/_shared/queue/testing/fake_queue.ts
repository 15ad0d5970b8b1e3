import type { Clock } from "../../clock.ts";
import type { DrainSettings } from "../working_life.ts";
import type { WorkerState } from "../task_handler.ts";
import type { RunStatus, Task, TaskQueue, WorkerEnd } from "../task_queue.ts";

export function createTasks(count: number): Task[] {
  return Array.from({ length: count }, (_, id) => ({
    id,
    key: `k${id}`,
    attempt: 1,
    repetition: 1,
    payload: {},
    enqueuedAt: "2026-01-01T00:00:00Z",
    leaseToken: "t",
  }));
}

/** A queue in memory that hands out tasks as the SQL functions do. */
export function createFakeQueue(pending: Task[], slots: number) {
  const held = new Map<number, Task>();
  const events: string[] = [];
  const finished: number[] = [];
  const capacities: number[] = [];
  const ends: WorkerEnd[] = [];
  const state = { status: "running" as RunStatus, slots, blockedMs: 0 };
  const queue: TaskQueue = {
    claim(holding) {
      const room = state.slots + holding.ahead - holding.held;
      const tasks = state.status === "running"
        ? pending.splice(0, Math.max(0, room))
        : [];
      for (const task of tasks) held.set(task.id, task);
      events.push(`claim ${tasks.length}`);
      return Promise.resolve({
        status: state.status,
        slots: state.slots,
        tasks,
        waitMs: pending.length > 0 ? 10 : null,
      });
    },
    extend: () =>
      Promise.resolve({ status: state.status, held: [...held.keys()] }),
    checkpoint: () => Promise.reject(new Error("not used")),
    checkpointTable: () => Promise.reject(new Error("not used")),
    continueList: () => Promise.reject(new Error("not used")),
    finish(results) {
      const ids = results.map(({ task }) => task.id).filter((id) =>
        held.delete(id)
      );
      finished.push(...ids);
      events.push(`finish ${results.length}`);
      return Promise.resolve({
        status: state.status,
        finished: ids,
        blockedMs: state.blockedMs,
      });
    },
    release(tasks) {
      for (const { id } of tasks) {
        pending.push(held.get(id)!);
        held.delete(id);
      }
      events.push(`release ${tasks.length}`);
      return Promise.resolve();
    },
    handOver(capacity) {
      events.push("hand over");
      capacities.push(capacity);
      return Promise.resolve();
    },
    end(how) {
      ends.push(how);
      pending.push(...held.values());
      held.clear();
      events.push("end");
      return Promise.resolve();
    },
  };
  return {
    queue,
    pending,
    held,
    events,
    finished,
    capacities,
    ends,
    state,
  };
}

export function createHandler(clock: Clock, latency: number) {
  const seen = { inFlight: 0, most: 0 };
  async function handle(_task: Task, { signal }: WorkerState) {
    seen.most = Math.max(seen.most, ++seen.inFlight);
    await clock.wait(latency, signal);
    seen.inFlight--;
    return { outcome: "succeeded" as const };
  }
  return { handle, seen };
}

export function settings(
  clock: Clock,
  rest: Partial<DrainSettings> = {},
): DrainSettings {
  return {
    budgetMs: 50_000,
    stop: new AbortController().signal,
    clock,
    ...rest,
  };
}
