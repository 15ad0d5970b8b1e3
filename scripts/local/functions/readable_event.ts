/** A line of a function's log as people read it: events as `name key=value …`, anything else as it is. */
export function toReadableEvent(line: string): string {
  if (!line.startsWith('{"event":')) return line;
  try {
    const { event, ...facts } = JSON.parse(line);
    const told = Object.entries(facts).map(([name, value]) =>
      `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`
    );
    return [event, ...told].join(" ");
  } catch {
    return line; // it was cut off
  }
}
