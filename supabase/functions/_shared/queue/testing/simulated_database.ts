import type { Clock } from "../../clock.ts";
import type { Claim, Task, TaskQueue } from "../task_queue.ts";

interface SimulatedWorker {
  held: Set<Task>;
  slots: number;
  wanted: number;
  /** Started and not ended. */
  isLive: boolean;
  successor?: SimulatedWorker;
}

interface Options {
  clock: Clock;
  tasks: Task[];
  /** Calls in flight over all workers. */
  limit: number;
  /** How long a request takes, and how long from a wake to the worker's first claim. */
  requestMs: number;
  wakeMs: number;
  /** Runs a worker until it ends. */
  startWorker(queue: TaskQueue): Promise<void>;
}

/**
 * The rules by which the SQL functions share slots among the workers of a run: equal shares of what
 * they want, and nothing for one whose successor has started, which keeps the slots of the tasks that
 * it holds until they end.
 */
export function createSimulatedDatabase(
  { clock, tasks: pending, limit, requestMs, wakeMs, startWorker }: Options,
) {
  const workers: SimulatedWorker[] = [];
  const finished: Task[] = [];
  const total = pending.length;
  let requests = 0;

  const pass = (milliseconds: number) =>
    clock.wait(milliseconds, new AbortController().signal);

  const hasHandedOver = ({ successor }: SimulatedWorker) =>
    successor?.isLive === true;

  /** Answers as of the middle of a request. */
  async function request<Answer>(answer: () => Answer): Promise<Answer> {
    requests++;
    await pass(requestMs / 2);
    const given = answer();
    await pass(requestMs / 2);
    return given;
  }

  function fairShare(own: SimulatedWorker): number {
    let remaining = limit;
    const peers = workers.filter(({ isLive }) => isLive)
      .sort((a, b) => a.wanted - b.wanted);
    for (const [place, peer] of peers.entries()) {
      const equal = Math.floor(remaining / (peers.length - place));
      const share = Math.min(peer.wanted, equal);
      if (peer === own) return share;
      remaining -= share;
    }
    return 0;
  }

  function claim(
    worker: SimulatedWorker,
    { inFlight, held, ahead }: Parameters<TaskQueue["claim"]>[0],
  ): Claim {
    const answer = { status: "running" as const, tasks: [], waitMs: null };
    if (hasHandedOver(worker)) {
      return { ...answer, slots: 0, handedOver: true };
    }
    worker.wanted = held + Math.min(pending.length, limit - held);
    const share = fairShare(worker);
    const taken = workers.reduce(
      (sum, peer) => peer === worker ? sum : sum + peer.slots,
      0,
    );
    const slots = Math.max(0, Math.min(share, limit - taken));
    worker.slots = Math.max(slots, inFlight);
    const tasks = pending.splice(0, Math.max(0, slots + ahead - held));
    for (const task of tasks) worker.held.add(task);
    return {
      ...answer,
      slots,
      ...share > slots && { moreSlots: true },
      tasks,
      waitMs: tasks.length === 0 && pending.length > 0 ? 100 : null,
    };
  }

  function giveUp(worker: SimulatedWorker, tasks: Iterable<Task>): void {
    for (const task of tasks) {
      if (worker.held.delete(task)) pending.push(task);
    }
  }

  function createQueue(worker: SimulatedWorker): TaskQueue {
    return {
      claim: (holding) => request(() => claim(worker, holding)),
      extend: () =>
        request(() => ({
          status: "running",
          held: [...worker.held].map(({ id }) => id),
        })),
      checkpoint: () => Promise.reject(new Error("not used")),
      checkpointTable: () => Promise.reject(new Error("not used")),
      continueList: () => Promise.reject(new Error("not used")),
      finish: (results) =>
        request(() => {
          const tasks = results.map(({ task }) => task)
            .filter((task) => worker.held.delete(task));
          finished.push(...tasks);
          if (hasHandedOver(worker)) {
            worker.slots = Math.min(worker.slots, worker.held.size);
            worker.wanted = 0;
          }
          return {
            status: "running",
            finished: tasks.map(({ id }) => id),
            blockedMs: 0,
          };
        }),
      release: (tasks) => request(() => giveUp(worker, tasks)),
      handOver: (capacity) =>
        request(() => {
          if (capacity < total - finished.length) worker.successor = wake();
        }),
      end: () =>
        request(() => {
          giveUp(worker, worker.held);
          Object.assign(worker, { isLive: false, slots: 0, wanted: 0 });
        }),
    };
  }

  let running: Promise<void>[] = [];

  function wake(): SimulatedWorker {
    const worker = {
      held: new Set<Task>(),
      slots: 0,
      wanted: 0,
      isLive: false,
    };
    workers.push(worker);
    running.push(
      pass(wakeMs).then(() => {
        worker.isLive = true;
        return startWorker(createQueue(worker));
      }),
    );
    return worker;
  }

  /** Wakes workers and resolves when the last of them and of their successors has ended. */
  async function play(count: number): Promise<void> {
    for (let woken = 0; woken < count; woken++) wake();
    while (running.length > 0) {
      const some = running;
      running = [];
      await Promise.all(some);
    }
  }

  return { play, finished, workers, requests: () => requests };
}
