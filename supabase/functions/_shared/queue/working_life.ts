import type { Clock } from "../clock.ts";
import { ChangeSignal } from "./change_signal.ts";
import { Holding } from "./holding.ts";
import { StockPlan } from "./stock_plan.ts";
import type { TaskHandler } from "./task_handler.ts";
import type { RunStatus, Task, TaskOutcome, TaskQueue } from "./task_queue.ts";

export interface DrainSettings {
  /** How long to go on claiming; what is in flight then is finished, the rest released. */
  budgetMs: number;
  /**
   * The share of another budget that is used up, 0 to 1, such as the processor time that the
   * platform allows an isolate. The larger of the two shares counts.
   */
  load?(): number;
  /** Whether another task may begin beside those in flight; default always. */
  hasRoom?(): boolean;
  heartbeatMs?: number;
  /** At most so many results are stored together. */
  flushSize?: number;
  /** Aborted when the isolate is about to be killed: everything held is given back at once. */
  stop: AbortSignal;
  clock: Clock;
}

/**
 * What a worker is doing:
 * - `working`: it claims tasks and starts one whenever a slot is free.
 * - `halted`: a call met what every call would meet, such as a rate limit. It starts nothing until the
 *   database knows; then it releases its stock and works again.
 * - `ending`: its successor is there, its time is up, its run is over or nothing is to come. It claims
 *   and starts nothing, and stores each result at once, because others wait for its slots.
 * - `stopped`: the isolate is about to be killed. It stores what is done; what is in flight is lost, and
 *   counts as such, the rest is given back.
 */
type Phase = "working" | "halted" | "ending" | "stopped";

/** What the loops of a worker share: its phase, what it holds and how much it may. */
export class WorkingLife {
  readonly holding = new Holding();
  readonly change: ChangeSignal;
  readonly stockPlan: StockPlan;
  readonly endsAt: number;
  phase: Phase = "working";
  /** How many tasks may be in flight. */
  slots = 0;
  /** When to claim although there is enough in stock; Infinity: there is no reason to. */
  askAt = Infinity;
  /** How often it has halted. */
  halts = 0;
  /** How many calls have begun, and what was spent when the first did. */
  calls = 0;
  spentBefore = 0;

  constructor(
    readonly queue: TaskQueue,
    readonly handle: TaskHandler,
    readonly settings: DrainSettings,
  ) {
    this.change = new ChangeSignal(settings.clock);
    this.stockPlan = new StockPlan(settings.clock);
    this.endsAt = settings.clock.now() + settings.budgetMs;
  }

  /** The share of the budget that is used up; 1: it is time to end. */
  spent(): number {
    const { budgetMs, clock, load } = this.settings;
    const time = 1 - (this.endsAt - clock.now()) / budgetMs;
    return Math.max(time, load?.() ?? 0);
  }

  /** Whether it still claims tasks. */
  isOpen(): boolean {
    const { phase } = this;
    return (phase === "working" || phase === "halted") && this.spent() < 1;
  }

  /** Whether there is nothing left to keep leases for. */
  isOver(): boolean {
    const { phase, holding } = this;
    return phase === "stopped" || phase === "ending" && holding.size === 0;
  }

  halt(): void {
    this.halts++;
    if (this.phase === "working") this.phase = "halted";
  }

  /** Works again, unless results that the database does not know are such an error too. */
  resume(): void {
    const isKnown = this.holding.done.every(({ outcome }) =>
      !concernsEveryCall(outcome)
    );
    if (isKnown && this.phase === "halted") this.phase = "working";
  }

  end(phase: "ending" | "stopped" = "ending"): void {
    if (this.phase !== "stopped") this.phase = phase;
    this.change.announce();
  }

  heed(status: RunStatus): void {
    if (status !== "running") this.end();
  }

  /** Starts tasks of the stock in the slots that are free. */
  startMore(): void {
    const { stock, inFlight } = this.holding;
    const { hasRoom } = this.settings;
    while (
      this.phase === "working" && inFlight.size < this.slots &&
      stock.length > 0 && (inFlight.size === 0 || (hasRoom?.() ?? true))
    ) {
      this.#work(stock.shift()!);
    }
  }

  async #work(task: Task): Promise<void> {
    const { holding } = this;
    const call = holding.begin(task);
    if (this.calls++ === 0) this.spentBefore = this.spent();
    const outcome = await this.handle(task, {
      signal: call.signal,
      isSpent: () => this.spent() >= 1,
    }).catch(toBug);
    // Down to its slots: others wait to get the rest.
    if (holding.inFlight.size === this.slots + 1) this.askAt = 0;
    holding.end(call, { task, outcome });
    this.stockPlan.countOne();
    if (concernsEveryCall(outcome)) this.halt();
    this.startMore();
    this.change.announce();
  }

  async releaseStock(): Promise<void> {
    const tasks = this.holding.stock.splice(0);
    if (tasks.length > 0) await this.queue.release(tasks);
  }
}

/** A rate limit or a refused key: the next call would only meet it again. */
function concernsEveryCall(outcome: TaskOutcome | null): boolean {
  return outcome?.outcome === "failed" &&
    (outcome.error.class === "rate" || outcome.error.class === "stop");
}

function toBug(error: unknown): TaskOutcome {
  console.error(error);
  const message = error instanceof Error ? error.message : String(error);
  return {
    outcome: "failed",
    error: { class: "transient", code: "internal", message },
  };
}
