/** Says what the tests of the stack want to know about a function's world. */
declare const EdgeRuntime: { waitUntil(work: Promise<unknown>): void };

const { default: key } = JSON.parse(Deno.env.get("SUPABASE_SECRET_KEYS")!);

async function greet(message: string): Promise<void> {
  const url = `${Deno.env.get("SUPABASE_URL")}/rest/v1/greetings`;
  const response = await fetch(url, {
    method: "POST",
    headers: { apikey: key, "content-type": "application/json" },
    body: JSON.stringify({ message }),
  });
  if (!response.ok) throw new Error(await response.text());
}

addEventListener("beforeunload", (event) => {
  const { reason } = (event as CustomEvent).detail;
  EdgeRuntime.waitUntil(greet(`goodbye: ${reason}`));
});

/** Uses the processor, but lets events in between. */
async function work(milliseconds: number): Promise<void> {
  const end = performance.now() + milliseconds;
  while (performance.now() < end) {
    const pause = performance.now() + 10;
    while (performance.now() < pause);
    await new Promise((go) => setTimeout(go));
  }
}

async function holdMoreAndMore(): Promise<never> {
  for (const held: Uint8Array[] = [];;) {
    held.push(new Uint8Array(1_048_576));
    await new Promise((go) => setTimeout(go, 10));
  }
}

async function nameOfError(action: () => unknown): Promise<string> {
  try {
    await action();
    return "none";
  } catch (error) {
    return (error as Error).name;
  }
}

export default {
  async fetch(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    switch (pathname) {
      case "/hello/echo":
        return new Response(request.body);
      case "/hello/later":
        EdgeRuntime.waitUntil(greet(await request.text()));
        return new Response(null, { status: 202 });
      case "/hello/work": {
        const milliseconds = Number(await request.text());
        EdgeRuntime.waitUntil(work(milliseconds));
        return Response.json({ process: Deno.pid });
      }
      case "/hello/worked":
        await work(Number(await request.text()));
        return Response.json({ process: Deno.pid });
      case "/hello/hold":
        EdgeRuntime.waitUntil(holdMoreAndMore());
        return Response.json({ process: Deno.pid });
      case "/hello/wait":
        EdgeRuntime.waitUntil(new Promise(() => {}));
        return Response.json({ process: Deno.pid });
      case "/hello/forbidden":
        return Response.json({
          write: await nameOfError(() => Deno.writeTextFile("x", "x")),
          run: await nameOfError(() => new Deno.Command("true").output()),
        });
      default:
        return Response.json({
          pathname,
          process: Deno.pid,
          time: Date.now(),
          extra: Deno.env.get("EXTRA"),
          variables: Object.keys(Deno.env.toObject()),
        });
    }
  },
};
