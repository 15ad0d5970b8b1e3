/** What a worker tells the owner of its project about itself. */
export interface WorkerFacts {
  /** The name of the secret key that it works with. */
  key: string;
  /** The names of all secret keys that it takes. */
  keys: string[];
  workerSeconds: number;
  /** Version of the functions. */
  version: string;
  /** Version of Deno. */
  deno: string;
  /** Whether names can be looked up here. */
  dns: boolean;
}

/**
 * Seconds that a call may take and still end before its isolate does: `beforeunload` comes at 90 % of
 * 150 s on the Free plan and of 400 s on others (https://supabase.com/docs/guides/functions/limits),
 * and the last call begins when a worker has claimed for `workerSeconds`. Which plan it is, shows in
 * them: more than 50 suit a paid one only.
 */
export function longestCall(workerSeconds: number): number {
  return 0.9 * (workerSeconds > 50 ? 400 : 150) - workerSeconds;
}
