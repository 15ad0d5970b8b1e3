import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { createGithubApi, type GithubApi } from "../test/github_api.ts";
import { writeStickyComment } from "./sticky_comment.ts";

const marker = "<!-- gate -->";

function write(api: GithubApi, text: string, token = "ghs_x") {
  return writeStickyComment(
    {
      graphqlUrl: "https://github.example/api/graphql",
      token,
      repository: "octo/app",
      pullRequest: 7,
      fetch: (url, init) => {
        assertStrictEquals(url, "https://github.example/api/graphql");
        return api.handle(new Request(url, init));
      },
    },
    marker,
    text,
  );
}

const bodies = ({ comments }: GithubApi) =>
  comments.map(({ body }) => body).filter((body) => body.startsWith(marker));

Deno.test("writeStickyComment() adds a comment once and updates it then", async () => {
  const api = createGithubApi("ghs_x");
  assertEquals(
    [await write(api, "first"), await write(api, "second")],
    ["added", "updated"],
  );
  assertEquals(bodies(api), [`${marker}\nsecond`]);
});

Deno.test("writeStickyComment() finds its comment on any page", async () => {
  const api = createGithubApi("ghs_x");
  api.comments = Array.from({ length: 250 }, (_, index) => ({
    id: `other ${index}`,
    body: "Nice",
    isMinimized: false,
    author: null,
  }));
  await write(api, "first");
  assertStrictEquals(await write(api, "second"), "updated");
  assertEquals(bodies(api), [`${marker}\nsecond`]);
});

Deno.test("writeStickyComment() leaves alone what others wrote and what was hidden", async () => {
  const api = createGithubApi("ghs_x");
  const others = [
    {
      id: "a",
      body: `${marker}\nforged`,
      isMinimized: false,
      author: { login: "mallory" },
    },
    {
      id: "b",
      body: `> ${marker}\nquoted`,
      isMinimized: false,
      author: { login: "github-actions" },
    },
    {
      id: "c",
      body: `${marker}\nhidden`,
      isMinimized: true,
      author: { login: "github-actions" },
    },
  ];
  api.comments = structuredClone(others);
  assertStrictEquals(await write(api, "ours"), "added");
  assertEquals(api.comments.slice(0, 3), others);
});

Deno.test("writeStickyComment() says what GitHub refuses", async () => {
  const api = createGithubApi("ghs_x");
  await assertRejects(() => write(api, "x", "gone"), Error, "HTTP 401");
  api.mayWrite = false;
  await assertRejects(
    () => write(api, "x"),
    Error,
    "Resource not accessible by integration",
  );
});
