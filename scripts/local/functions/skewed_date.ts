/**
 * A Date of a machine whose clock is wrong: the present is so many milliseconds
 * away, everything else is as it was.
 */
export function createSkewedDate(
  skewMs: number,
  real: DateConstructor = Date,
): DateConstructor {
  const now = () => real.now() + skewMs;
  return new Proxy(real, {
    construct: (target, args, newTarget) =>
      Reflect.construct(target, args.length > 0 ? args : [now()], newTarget),
    // Date() without new is the present as text, whatever it is given.
    apply: () => new real(now()).toString(),
    get: (target, property, receiver) =>
      property === "now" ? now : Reflect.get(target, property, receiver),
  });
}
