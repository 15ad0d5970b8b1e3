import { assertEquals } from "@std/assert";
import { graderName, isReviewer, mayChange, mayGrade } from "./grader.ts";
import type { Home } from "./page_text.ts";
import { openProject } from "./project.ts";
import { session } from "./session.ts";

function open(kind: Home["kind"], readOnly: boolean): void {
  openProject(
    { kind, projectUrl: "", readOnly },
    "",
    () => Promise.resolve({}),
  );
}

/** Signs in somebody whose name does not survive plain base64. */
function signIn(pipeline?: unknown): void {
  const claims = {
    sub: "ada",
    name: "\u{1F642}???",
    app_metadata: { pipeline },
  };
  const payload = new TextEncoder().encode(JSON.stringify(claims))
    .toBase64({ alphabet: "base64url", omitPadding: true });
  session.value = {
    access_token: `header.${payload}.signature`,
    refresh_token: "",
    expires_at: 0,
    user: {},
  };
}

Deno.test('mayGrade() on a static host: their own, with the claim "label" all that they see', () => {
  open("hosted", true);
  session.value = undefined;
  assertEquals(mayGrade(null), false);
  for (
    const [pipeline, own, others] of [
      [undefined, true, false],
      [["read"], true, false],
      [["read", "label"], true, true],
    ]
  ) {
    signIn(pipeline);
    assertEquals([mayGrade("ada"), mayGrade("bob"), mayGrade(null)], [
      own,
      others,
      others,
    ]);
    assertEquals(graderName(), "ada");
  }
  session.value = undefined;
});

Deno.test("mayGrade() beside a project: unless it is read only; never in a file", () => {
  open("local", false);
  assertEquals([mayGrade(null), graderName()], [true, "dashboard"]);
  open("local", true);
  assertEquals(mayGrade(null), false);
  open("file", true);
  assertEquals(mayGrade(null), false);
});

Deno.test("mayChange() on a static host: their own, whatever they may read and label", () => {
  open("hosted", true);
  assertEquals(mayChange(null), false);
  signIn(["read", "label"]);
  assertEquals([mayChange("ada"), mayChange("bob"), mayChange(null)], [
    true,
    false,
    false,
  ]);
  session.value = undefined;
  open("local", false);
  assertEquals(mayChange(null), true);
});

Deno.test("isReviewer() is true of who may label and not read", () => {
  open("hosted", true);
  for (const [rights, expected] of [[["label"], true], [["read"], false]]) {
    signIn(rights);
    assertEquals(isReviewer(), expected);
  }
  signIn(["read", "label"]);
  assertEquals(isReviewer(), false);
  session.value = undefined;
  assertEquals(isReviewer(), false);
});
