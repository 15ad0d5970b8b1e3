/** Tabs of one browser together ask no more often than this. */
export const TURN_MS = 1_000;

/** Pages of one host may be of several projects, in folders of their own. */
const POLLS = `dashboard polls of ${globalThis.location?.pathname}`;

const channel = globalThis.BroadcastChannel && globalThis.document
  ? new BroadcastChannel(POLLS)
  : undefined;

/** Tells what another tab of this browser is answered to a question, as soon as it is. */
export function hearOthers<Value>(
  question: string,
  tell: (value: Value) => void,
  signal: AbortSignal,
): void {
  channel?.addEventListener("message", ({ data }) => {
    if (data.question === question) tell(data.value);
  }, { signal });
}

/**
 * Asks again in turn with all tabs of this browser: one question a second together, and none where
 * another tab has been told the answer while this one waited.
 *
 * @param isTold whether an answer came since the turn was waited for
 * @param tell gets the answer as soon as it is there, before the turn is over
 */
export async function askInTurn<Value>(
  question: string,
  ask: () => Promise<Value>,
  isTold: () => boolean,
  tell: (value: Value) => void,
  signal: AbortSignal,
): Promise<void> {
  await alone(POLLS, async () => {
    if (isTold()) return;
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
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, Math.max(0, milliseconds));
    signal.addEventListener("abort", end);
  });
}
