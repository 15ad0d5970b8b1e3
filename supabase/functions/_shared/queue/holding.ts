import type { Task, TaskOutcome } from "./task_queue.ts";

/** A task that is over; null: its handler gives it back. */
export interface Done {
  task: Task;
  outcome: TaskOutcome | null;
}

/**
 * The tasks that a worker holds: in stock, in flight, then done until the database has the result.
 * What a result is for is one lease: who loses it loses the task, whatever becomes of the call.
 */
export class Holding {
  stock: Task[] = [];
  readonly inFlight = new Map<number, AbortController>();
  done: Done[] = [];

  get size(): number {
    return this.stock.length + this.inFlight.size + this.done.length;
  }

  /** The tasks that are not over, whose leases have to be kept. */
  get open(): number[] {
    return [...this.inFlight.keys(), ...this.stock.map((task) => task.id)];
  }

  /** The tasks whose work has begun, and whose result the database does not have. */
  get called(): number[] {
    const done = this.done.filter(({ outcome }) => outcome !== null);
    return [...this.inFlight.keys(), ...done.map(({ task }) => task.id)];
  }

  /**
   * Takes what was claimed into stock. A task that is claimed while this worker still has it was lost
   * in between, such as while the database was away. Only the new lease counts, and a task has one
   * result in a batch.
   */
  take(claimed: Task[]): void {
    const again = new Set(claimed.map((task) => task.id));
    this.dropLost(again);
    this.done = this.done.filter(({ task }) => !again.has(task.id));
    this.stock.push(...claimed);
  }

  /** Puts a task in flight. */
  begin(task: Task): AbortController {
    const call = new AbortController();
    this.inFlight.set(task.id, call);
    return call;
  }

  /** Ends what was begun; nothing comes of a task that was lost. */
  end(call: AbortController, result: Done): void {
    if (this.inFlight.get(result.task.id) !== call) return;
    this.inFlight.delete(result.task.id);
    this.done.push(result);
  }

  /** Forgets tasks whose lease another worker has, and aborts their calls. */
  dropLost(lost: Set<number>): void {
    this.stock = this.stock.filter((task) => !lost.has(task.id));
    for (const id of lost) {
      this.inFlight.get(id)?.abort(new Error("lease lost"));
      this.inFlight.delete(id);
    }
  }

  /** Forgets results that the database has. */
  dropStored(stored: Set<Done>): void {
    this.done = this.done.filter((result) => !stored.has(result));
  }
}
