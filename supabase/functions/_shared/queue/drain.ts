import type { Clock } from "../clock.ts";
import { createChangeSignal } from "./change_signal.ts";
import { createSlotWatch } from "./slot_watch.ts";
import { createStockPlan } from "./stock_plan.ts";
import type { RunStatus, Task, TaskOutcome, TaskQueue } from "./task_queue.ts";

/**
 * Works on one task. Rejecting is a bug of the handler and counts as a transient failure; null gives
 * the task back for another worker to go on with.
 */
export type TaskHandler = (
  task: Task,
  worker: WorkerState,
) => Promise<TaskOutcome | null>;

/** What a handler may ask about the worker that it runs in. */
export interface WorkerState {
  /** Aborted when the task was taken away or the isolate is about to be killed. */
  signal: AbortSignal;
  /** Whether it is time to stop; long tasks then checkpoint and give themselves back. */
  isSpent(): boolean;
}

export interface DrainSettings {
  /** How long to go on claiming; what is in flight then is finished, the rest released. */
  budgetMs: number;
  /**
   * The share of another budget that is used up, 0 to 1, such as the processor time that the
   * platform allows an isolate. The larger of the two shares counts.
   */
  load?(): number;
  /** Share of the budget after which a successor is woken; its start-up is then never felt. */
  handOverAt?: number;
  heartbeatMs?: number;
  /** Results of so many milliseconds are stored together, at most `flushSize` at a time. */
  flushMs?: number;
  flushSize?: number;
  /** Aborted when the isolate is about to be killed: everything held is given back at once. */
  stop: AbortSignal;
  clock: Clock;
}

export interface DrainReport {
  finished: number;
  /** Tasks whose lease was lost before their result was stored. */
  lost: number;
  released: number;
}

/**
 * Claims tasks and works on them until none is to come or the time is up.
 *
 * There is no barrier: a slot that falls free takes the next task at once, from a small stock that
 * is claimed ahead, and results are stored in micro-batches while other tasks are in flight.
 */
export async function drain(
  queue: TaskQueue,
  handle: TaskHandler,
  settings: DrainSettings,
): Promise<DrainReport> {
  const { budgetMs, stop, clock } = settings;
  const {
    handOverAt = 0.7,
    heartbeatMs = 4_000,
    flushMs = 100,
    flushSize = 100,
  } = settings;
  const startedAt = clock.now();
  const report: DrainReport = { finished: 0, lost: 0, released: 0 };
  const stock: Task[] = [];
  const inFlight = new Map<number, AbortController>();
  const done: { task: Task; outcome: TaskOutcome | null }[] = [];
  const over = new AbortController();
  let abandoned: AbortController[] = [];
  let status: RunStatus = "running";
  let claiming = true;
  let storing = 0;
  let started = 0;
  let slotsMayDiffer = false;
  let aboveSlots = false;
  let halts = 0;
  let halted = false;
  let hurry = new AbortController();
  const change = createChangeSignal(clock);
  const watch = createSlotWatch(clock, heartbeatMs);
  const stockPlan = createStockPlan(clock);

  /** Starts nothing until the database knows of an error that concerns every call. */
  function halt() {
    halted = true;
    halts++;
    hurry.abort();
  }

  function startMore() {
    while (!halted && inFlight.size < watch.slots && stock.length > 0) {
      work(stock.shift()!);
    }
  }

  async function work(task: Task) {
    const controller = new AbortController();
    inFlight.set(task.id, controller);
    started++;
    const outcome = await handle(task, {
      signal: controller.signal,
      isSpent: () => spent() >= 1,
    }).catch(toBug);
    if (stop.aborted) return;
    if (inFlight.get(task.id) === controller) inFlight.delete(task.id);
    stockPlan.countOne();
    if (controller.signal.aborted) report.released++;
    else done.push({ task, outcome });
    if (concernsEveryCall(outcome)) halt();
    startMore();
    giveBackSlots();
    if (inFlight.size === 0 || done.length >= flushSize) hurry.abort();
    change.announce();
  }

  /** Tells the database as soon as no more calls are under way than it allows: others wait for it. */
  function giveBackSlots() {
    if (!aboveSlots || inFlight.size > watch.slots) return;
    aboveSlots = false;
    slotsMayDiffer = true;
  }

  function spent() {
    return Math.max(
      (clock.now() - startedAt) / budgetMs,
      settings.load?.() ?? 0,
    );
  }

  function mayClaim() {
    return status === "running" && !stop.aborted && !over.signal.aborted &&
      spent() < 1;
  }

  function isShort() {
    return stock.length <= stockPlan.ahead / 2;
  }

  function hasToClaim() {
    return !halted &&
      (isShort() || slotsMayDiffer || clock.now() >= watch.askAt);
  }

  async function claimTasks() {
    let notBefore = 0;
    while (mayClaim()) {
      const now = clock.now();
      if (now < notBefore || !hasToClaim()) {
        const budgetEnds = startedAt + budgetMs;
        const times = [notBefore, watch.askAt, budgetEnds];
        await change.until(
          () => !mayClaim() || clock.now() >= notBefore && hasToClaim(),
          Math.min(...times.filter((time) => time > now)) - now,
        );
        continue;
      }
      const wasShort = isShort();
      slotsMayDiffer = false;
      const haltsBefore = halts;
      const claim = await queue.claim({
        inFlight: inFlight.size,
        held: inFlight.size + stock.length,
        ahead: stockPlan.ahead,
      });
      if (stop.aborted) return;
      status = claim.status;
      watch.take(claim);
      aboveSlots = inFlight.size > watch.slots;
      if (halts > haltsBefore) {
        await release(claim.tasks);
        continue;
      }
      dropEarlierTries(claim.tasks);
      stock.push(...claim.tasks);
      startMore();
      if (claim.tasks.length > 0) {
        notBefore = clock.now() + (claim.waitMs ?? 0);
      } else if (wasShort || watch.slots === 0) {
        const held = inFlight.size + stock.length + done.length;
        if (claim.waitMs === null && held === 0 && storing === 0) break;
        notBefore = watch.afterNothing(claim.waitMs);
      }
      // A slot that is given back then finds its task here.
      stockPlan.plan(watch.slots + watch.toCome);
    }
  }

  async function storeResults() {
    while (claiming || inFlight.size > 0 || done.length > 0) {
      await change.until(() =>
        done.length > 0 || !claiming && inFlight.size === 0
      );
      if (done.length === 0) continue;
      // A successor waits for the slots of one that claims no more.
      if (claiming && done.length < flushSize && inFlight.size > 0 && !halted) {
        await clock.wait(
          flushMs,
          AbortSignal.any([stop, hurry.signal]),
        );
      }
      if (!halted) hurry = new AbortController();
      const batch = done.splice(0, flushSize);
      storing = batch.length;
      await store(batch.filter(isFinished));
      await release(batch.filter((item) => !isFinished(item)).map(toTask));
      if (halted) {
        await releaseStock();
        halted = done.some(({ outcome }) => concernsEveryCall(outcome));
      }
      storing = 0;
      change.announce();
    }
    over.abort();
    change.announce();
  }

  async function store(results: { task: Task; outcome: TaskOutcome }[]) {
    if (results.length === 0) return;
    const stored = await queue.finish(results);
    status = stored.status;
    // Another worker may have met the limit.
    if (stored.blockedMs > 0) halt();
    report.finished += stored.finished.length;
    report.lost += results.length - stored.finished.length;
  }

  async function release(tasks: Task[]) {
    if (tasks.length === 0) return;
    report.released += tasks.length;
    await queue.release(tasks);
  }

  async function keepLeases() {
    for (;;) {
      await clock.wait(heartbeatMs, over.signal);
      if (over.signal.aborted) return;
      // What is claimed while the heartbeat is under way is not in its answer.
      const asked = [...inFlight.keys(), ...stock.map((task) => task.id)];
      const lease = await queue.extend(inFlight.size);
      const held = new Set(lease.held);
      dropLost(new Set(asked.filter((id) => !held.has(id))));
      status = lease.status;
      if (status !== "running") await releaseStock();
      slotsMayDiffer = true;
      change.announce();
    }
  }

  function dropLost(lost: Set<number>) {
    for (const [id, controller] of inFlight) {
      if (lost.has(id)) controller.abort(new Error("lease lost"));
    }
    const kept = stock.filter((task) => !lost.has(task.id));
    report.lost += stock.length - kept.length;
    stock.splice(0, stock.length, ...kept);
  }

  /**
   * A task that is claimed while this worker still has it was lost in between, such as while the
   * database was away. Only the new lease counts, and a task has one result in a batch.
   */
  function dropEarlierTries(claimed: Task[]) {
    const again = new Set(claimed.map((task) => task.id));
    dropLost(again);
    const kept = done.filter(({ task }) => !again.has(task.id));
    report.lost += done.length - kept.length;
    done.splice(0, done.length, ...kept);
  }

  function releaseStock() {
    return release(stock.splice(0));
  }

  function stopClaiming() {
    claiming = false;
    change.announce();
  }

  async function handOver() {
    await change.until(
      () => over.signal.aborted || spent() >= handOverAt,
      budgetMs * handOverAt,
    );
    if (over.signal.aborted || !mayClaim()) return;
    const inHand = inFlight.size + done.length + storing;
    const toCome = 1 / handOverAt - 1;
    await queue.handOver(
      inHand + Math.floor(started * toCome),
      Math.floor((clock.now() - startedAt) * toCome),
    );
  }

  /**
   * Forgets all calls and tasks; the end of the worker gives them back. Aborting a hundred calls
   * takes processor time that is left for storing what is done, so that comes last.
   */
  function giveUp() {
    abandoned = [...inFlight.values()];
    report.released += inFlight.size + stock.length;
    inFlight.clear();
    stock.length = 0;
    change.announce();
  }

  stop.addEventListener("abort", giveUp);
  try {
    await Promise.all([
      claimTasks().finally(stopClaiming).then(releaseStock),
      storeResults(),
      keepLeases(),
      handOver(),
    ]);
  } finally {
    stop.removeEventListener("abort", giveUp);
    over.abort();
    change.announce();
    try {
      await queue.end();
    } finally {
      for (const controller of [...inFlight.values(), ...abandoned]) {
        controller.abort(stop.reason);
      }
    }
  }
  return report;
}

/** A rate limit or a refused key: the next call would only meet it again. */
function concernsEveryCall(outcome: TaskOutcome | null): boolean {
  return outcome?.outcome === "failed" &&
    (outcome.error.class === "rate" || outcome.error.class === "stop");
}

function isFinished(
  item: { task: Task; outcome: TaskOutcome | null },
): item is { task: Task; outcome: TaskOutcome } {
  return item.outcome !== null;
}

function toTask({ task }: { task: Task }): Task {
  return task;
}

function toBug(error: unknown): TaskOutcome {
  console.error(error);
  const message = error instanceof Error ? error.message : String(error);
  return {
    outcome: "failed",
    error: { class: "transient", code: "internal", message },
  };
}
