/** Makes a function that does at most so many things at a time; those above it wait, in order. */
export function atMost(
  limit: number,
): <Value>(work: () => Promise<Value>) => Promise<Value> {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async function work(begin) {
    if (running === limit) {
      await new Promise<void>((resolve) => waiting.push(resolve));
    } else running++;
    try {
      return await begin();
    } finally {
      // Whoever waits takes the place over.
      const next = waiting.shift();
      if (next) next();
      else running--;
    }
  };
}
