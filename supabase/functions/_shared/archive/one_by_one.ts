/**
 * The items of batches, one after the other. An async generator takes a microsecond per item, which
 * for prompts is half of what making them takes; this takes a tenth of it.
 */
export function oneByOne<T>(
  batches: AsyncGenerator<T[], void>,
): AsyncIterableIterator<T, void> {
  let batch: T[] = [];
  let at = 0;

  async function nextBatch(): Promise<IteratorResult<T, void>> {
    for (;;) {
      const { value, done } = await batches.next();
      if (done) return { done: true, value: undefined };
      if (value.length === 0) continue;
      batch = value;
      at = 1;
      return { done: false, value: batch[0] };
    }
  }

  return {
    next() {
      return at < batch.length
        ? Promise.resolve({ done: false, value: batch[at++] })
        : nextBatch();
    },
    async return() {
      batch = [];
      await batches.return();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
