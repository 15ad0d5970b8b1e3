/** What a worker uses of the isolate that it shares with others. */
export interface IsolateAccount {
  /** Adds to what is used: shares of the usual load of a worker. */
  use(share: number): void;
  /** What the invocation has done, in usual loads of a worker. */
  done(): number;
  /** The part of what this worker may use that is used up, by it or by others; 1: all. */
  spent(): number;
}

/** Of 256 MB: at 90 % the isolate is told of its end, and calls in flight go on growing. */
const MOST_BYTES = 0.7 * 256 * 1_048_576;
const CALLS_PER_LOOK = 20;

/**
 * What workers that meet in one isolate use of it together. The platform counts per isolate, not per
 * request: at 1 s of processor time it sends no more requests there, at 2 s it kills the isolate with
 * all that runs in it (supabase/edge-runtime, crates/base/src/worker/supervisor). The usual load of a
 * worker takes 1 s, and all workers of an isolate together take no more than half as much again: the
 * end is announced at 1.8 s.
 *
 * @param memory bytes that count, undefined where nobody tells
 */
export class Isolate {
  /** By it the database knows which workers were in it together. */
  readonly id: string = crypto.randomUUID();
  /** What all its workers have done since it started: the usual load of one is 1. */
  load = 0;
  #looks = 0;
  #hasRoom = true;

  constructor(readonly memory: () => number | undefined) {}

  /**
   * Begins the account of a worker.
   *
   * @param share of the usual load that workers take at present, where the processor is slower
   * @param own what the same invocation has done before
   */
  enter(share: number, own = 0): IsolateAccount {
    const before = this.load;
    // A request that arrives proves that less than 1 s is used up: what the counters say takes no more.
    const most = 1.5 * Math.max(share, before);
    return {
      use: (amount) => {
        own += amount;
        this.load += amount;
      },
      done: () => own,
      spent: () =>
        Math.max(own / share, (this.load - before) / (most - before)),
    };
  }

  /** Whether there is memory for another call, as far as is known. */
  hasRoom = (): boolean => {
    // To look takes 50 µs, a tenth of what a call takes; while there is none, each time.
    if (this.#looks++ % CALLS_PER_LOOK === 0 || !this.#hasRoom) {
      this.#hasRoom = (this.memory() ?? 0) < MOST_BYTES;
    }
    return this.#hasRoom;
  };
}

/** Heap and what is kept outside of it, as the platform counts. */
export function readMemory(): number | undefined {
  const usage = Deno.memoryUsage?.();
  return usage && usage.heapUsed + usage.external;
}
