/**
 * The same items, of which the next one is made while one is worked on. Whoever stops early does not
 * wait for it.
 */
export async function* ahead<T>(
  items: AsyncGenerator<T, void>,
): AsyncGenerator<T, void> {
  let next = items.next();
  for (;;) {
    const item = await next;
    if (item.done) return;
    next = items.next();
    // Its error is thrown when it is asked for; asked for no more, it is nobody's.
    next.catch(() => {});
    yield item.value;
  }
}
