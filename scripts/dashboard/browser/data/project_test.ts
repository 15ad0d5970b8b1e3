import { assertEquals, assertRejects } from "@std/assert";
import { callFunction, MOST_MS, openProject, trouble } from "./project.ts";

const home = { kind: "local", projectUrl: "", readOnly: true } as const;

/** Answers when it is told, or fails when its signal ends, as fetch() does. */
function lateFetch(answer: Promise<Response>): typeof fetch {
  return (_, init) =>
    Promise.race([
      answer,
      new Promise<never>((_, reject) =>
        init!.signal!.addEventListener(
          "abort",
          () => reject(init!.signal!.reason),
        )
      ),
    ]);
}

Deno.test("a question that is never answered ends, and the page says so until one is", async () => {
  const answer = Promise.withResolvers<Response>();
  const limit = new AbortController();
  let limitMs: number | undefined;
  openProject(
    home,
    "https://project.example",
    () => Promise.resolve({}),
    lateFetch(answer.promise),
    (milliseconds) => {
      limitMs = milliseconds;
      return limit.signal;
    },
  );
  const asked = callFunction("evaluation_facets", {});
  setTimeout(() => limit.abort(new DOMException("too late", "TimeoutError")));
  await assertRejects(() => asked, Error, "too late");
  assertEquals([limitMs, trouble.value], [MOST_MS, "Nothing answers"]);

  openProject(
    home,
    "https://project.example",
    () => Promise.resolve({}),
    () => Promise.resolve(Response.json([])),
  );
  await callFunction("evaluation_facets", {});
  assertEquals(trouble.value, undefined);
});

Deno.test("a network that is away is said in words of the page, not of a browser", async () => {
  openProject(
    home,
    "https://project.example",
    () => Promise.resolve({}),
    () => Promise.reject(new TypeError("Failed to fetch")),
  );
  await assertRejects(
    () => callFunction("evaluation_facets", {}),
    Error,
    "Nothing answers",
  );
  trouble.value = undefined;
});

Deno.test("a question that the page itself gives up is no trouble", async () => {
  openProject(
    home,
    "https://project.example",
    () => Promise.resolve({}),
    lateFetch(new Promise(() => {})),
  );
  const end = new AbortController();
  const asked = callFunction("evaluation_facets", {}, end.signal);
  setTimeout(() => end.abort());
  await assertRejects(() => asked);
  assertEquals(trouble.value, undefined);
});

Deno.test("the page says that the project is away, and not that a question was wrong", async () => {
  const said: [number, unknown, boolean][] = [
    [502, "a gateway's page", true],
    [503, { code: "PGRST000" }, true],
    [500, { code: "57P01" }, true],
    [500, { code: "57P03" }, true],
    [500, { code: "57014", message: "statement timeout" }, false],
    [500, "a gateway's page", false],
    [400, { code: "22023" }, false],
  ];
  for (const [status, body, isAway] of said) {
    openProject(
      home,
      "https://project.example",
      () => Promise.resolve({}),
      () => Promise.resolve(Response.json(body, { status })),
    );
    await assertRejects(() => callFunction("evaluation_facets", {}));
    assertEquals(trouble.value !== undefined, isAway, `${status} ${body}`);
  }
});
