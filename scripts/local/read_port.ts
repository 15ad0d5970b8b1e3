/**
 * Reads the value of `--port`; undefined where it was not given.
 *
 * @throws Error that says what a port is
 */
export function readPort(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const port = value.trim() === "" ? NaN : Number(value);
  if (!(Number.isInteger(port) && port >= 0 && port < 65_536)) {
    throw new Error(
      `Cannot use --port ${value}: give a number from 0 to 65535`,
    );
  }
  return port;
}
