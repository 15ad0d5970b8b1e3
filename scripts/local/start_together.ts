/** Something that was started and can be stopped. */
interface Stoppable {
  stop(): Promise<void>;
}

/**
 * Waits for parts that start at the same time.
 *
 * @throws the first reason when one cannot start; by then the others are stopped
 */
export async function startTogether<
  First extends Stoppable,
  Other extends Stoppable,
>(
  first: Promise<First>,
  others: Promise<Other>[],
): Promise<[First, Other[]]> {
  const outcomes = await Promise.allSettled<Stoppable>([first, ...others]);
  const failed = outcomes.find(({ status }) => status === "rejected");
  if (!failed) return [await first, await Promise.all(others)];
  await Promise.all(
    outcomes.map((outcome) =>
      outcome.status === "fulfilled" && outcome.value.stop()
    ),
  );
  throw (failed as PromiseRejectedResult).reason;
}
