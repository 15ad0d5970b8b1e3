import type { JsonObject } from "../json_value.ts";
import type { ModelFormat, StreamAssembly } from "../model_format.ts";

/** The events of a stream in no published format, in the order they came. */
export class StreamedEvents {
  readonly events: JsonObject[] = [];
}

/** Keeps all events of a stream for a reader that knows where text is. */
export function collectEvents(): StreamAssembly {
  const streamed = new StreamedEvents();
  return {
    add(event) {
      streamed.events.push(event);
      return false; // only [DONE] or the end says that it is complete
    },
    body: () => streamed.events.length > 0 ? streamed : undefined,
  };
}

/** For an API without streams. */
export function assembleNothing(): StreamAssembly {
  return { add: () => false, body: () => undefined };
}

/** Assembles a stream in any of the known formats, whichever it turns out to be. */
export function assembleAny(known: readonly ModelFormat[]): StreamAssembly {
  const assemblies = known.map((format) => format.assembleStream());
  return {
    add: (event) => assemblies.some((assembly) => assembly.add(event)),
    body: () =>
      assemblies.map((assembly) => assembly.body())
        .find((body) => body !== undefined),
  };
}
