/** Web services of other people, on their worst days. */
export interface BadService extends AsyncDisposable {
  /** Scores answers, and each of its answers has no end. */
  scores: string;
  /**
   * Takes the events of runs: of five requests it never answers the first, answers the second without
   * end, fails at the third, closes the connection of the fourth and accepts the fifth.
   */
  webhook: string;
  /** The webhook-id of each event that it has been sent. */
  heard: Set<string>;
  /** Requests for scores that have come in. */
  count(): number;
}

/** Starts them; an answer without end goes on as long as the caller reads. */
export function startBadService(): BadService {
  let count = 0;
  let events = 0;
  const heard = new Set<string>();
  const closing = new AbortController();
  const part = new TextEncoder().encode(" ".repeat(10_000));
  const endless = () =>
    new Response(
      new ReadableStream({ pull: (answer) => answer.enqueue(part) }),
    );
  const never = new Promise<Response>((resolve) =>
    closing.signal.addEventListener("abort", () => resolve(new Response()))
  );
  const broken = () =>
    new Response(
      new ReadableStream({ pull: (answer) => answer.error("closed") }),
    );
  const answers = [
    () => never,
    endless,
    () => new Response("no", { status: 500 }),
    broken,
    () => new Response(null, { status: 204 }),
  ];
  const server = Deno.serve({
    hostname: "127.0.0.1",
    port: 0,
    signal: closing.signal,
    onListen: () => {},
    onError: () => new Response(null, { status: 500 }),
  }, (request) => {
    if (new URL(request.url).pathname === "/score") {
      count++;
      return endless();
    }
    heard.add(request.headers.get("webhook-id")!);
    return answers[events++ % answers.length]();
  });
  const url = `http://127.0.0.1:${server.addr.port}`;
  return {
    scores: `${url}/score`,
    webhook: `${url}/event`,
    heard,
    count: () => count,
    async [Symbol.asyncDispose]() {
      closing.abort();
      await server.shutdown();
    },
  };
}
