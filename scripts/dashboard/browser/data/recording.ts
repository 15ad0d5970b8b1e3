/** What a project answered, by the question: a file shows it without a project. */
export type Recorded = Record<string, unknown>;

const recordings = new WeakMap<AbortSignal, Recorded>();

/** All that was asked with the signal that the work was given, and its answers. */
export async function recordAnswers(
  work: (signal: AbortSignal) => Promise<unknown>,
): Promise<Recorded> {
  const { signal } = new AbortController();
  const recorded: Recorded = {};
  recordings.set(signal, recorded);
  await work(signal);
  return recorded;
}

/** Keeps an answer if what is asked with this signal is being recorded. */
export async function keepAnswer(
  signal: AbortSignal | null | undefined,
  question: string,
  response: Response,
): Promise<void> {
  const recorded = signal && recordings.get(signal);
  if (recorded && response.ok) {
    recorded[question] = await response.clone().json();
  }
}

/** A question, whichever address the project has and in whatever order its arguments stand. */
export function toQuestion(
  input: URL | RequestInfo,
  init: RequestInit | undefined,
): string {
  const address = input instanceof Request ? input.url : String(input);
  const args = typeof init?.body === "string"
    ? Object.entries(JSON.parse(init.body)).sort(([one], [other]) =>
      one < other ? -1 : 1
    )
    : [];
  return address.slice(address.indexOf("/rest/v1/")) + JSON.stringify(args);
}

/** Answers from what was recorded; what is not there is answered 404. */
export function replayAnswers(recorded: Recorded): typeof globalThis.fetch {
  return (input, init) => {
    const question = toQuestion(input, init);
    return Promise.resolve(
      Object.hasOwn(recorded, question)
        ? Response.json(recorded[question])
        : Response.json({ message: "This is not in the file" }, {
          status: 404,
        }),
    );
  };
}
