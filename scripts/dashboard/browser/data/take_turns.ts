/** Tabs of one browser together ask no more often than this. */
export const TURN_MS = 1_000;

/** Pages of one host may be of several projects, in folders of their own. */
const POLLS = `dashboard polls of ${globalThis.location?.pathname}`;

const channel = globalThis.BroadcastChannel && globalThis.document
  ? new BroadcastChannel(POLLS)
  : undefined;

/** What other tabs were told, by the question. */
const told = new Map<string, { value: unknown; at: number }>();
channel?.addEventListener("message", ({ data: { question, value } }) => {
  told.set(question, { value, at: performance.now() });
});

/**
 * Asks again in turn with all tabs of this browser: one question a second together, and none where
 * another tab has just been told the answer.
 *
 * @param tell gets the answer as soon as it is there, before the turn is over
 */
export async function askInTurn<Value>(
  question: string,
  ask: () => Promise<Value>,
  tell: (value: Value) => void,
  signal: AbortSignal,
): Promise<void> {
  const begun = performance.now();
  await alone(POLLS, async () => {
    const known = told.get(question);
    told.delete(question);
    if (known && known.at >= begun - TURN_MS) return tell(known.value as Value);
    const asked = performance.now();
    const value = await ask();
    channel?.postMessage({ question, value });
    tell(value);
    await rest(TURN_MS - (performance.now() - asked), signal);
  }, { signal });
}

/**
 * Does a work while no other tab of this browser does it. Without locks, such as on a page that came by
 * http from elsewhere, each tab is alone.
 */
export async function alone(
  name: string,
  work: () => Promise<void>,
  options: LockOptions = {},
): Promise<void> {
  const { locks } = globalThis.navigator ?? {};
  if (locks) await locks.request(name, options, work);
  else await work();
}

/** Waits so long, or until the signal ends it. */
export function rest(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, Math.max(0, milliseconds));
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    }, { once: true });
  });
}
