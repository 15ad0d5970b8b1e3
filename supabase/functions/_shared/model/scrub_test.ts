import { assertEquals, assertMatch } from "@std/assert";
import { createScrub } from "./scrub.ts";

const SCRUB = createScrub(['p"ss+word', 'p"ss+word2']);

for (
  const [spelled, text] of [
    ["plainly", 'p"ss+word'],
    ["in JSON", JSON.stringify('p"ss+word').slice(1, -1)],
    ["in a URL", encodeURIComponent('p"ss+word')],
    ["in base64", btoa('p"ss+word')],
  ]
) {
  Deno.test(`createScrub() removes a secret spelled ${spelled}`, () => {
    assertEquals(
      SCRUB.text(`<${text}> <${text}>`),
      "<[secret]> <[secret]>",
    );
  });
}

Deno.test("createScrub() prefers the longer of two secrets", () => {
  assertEquals(SCRUB.text('p"ss+word2'), "[secret]");
});

Deno.test("createScrub() reaches every string and key of a body", () => {
  assertEquals(
    SCRUB.json({ 'p"ss+word': [{ a: 'x p"ss+word' }, 1, null, true] }),
    { "[secret]": [{ a: "x [secret]" }, 1, null, true] },
  );
});

/** The spellings in which a model was asked to give its key back. */
const KEY = "sk-live&<'0123456789\">/+abc";
const SPELLINGS: [how: string, text: string][] = [
  ["base64 without padding", btoa(KEY).replaceAll("=", "")],
  ["base64 of the header", btoa(`Bearer ${KEY}`)],
  ["base64 of user:key", btoa(`me:${KEY}`)],
  ["base64 of user:key, one further", btoa(`you:${KEY}!`)],
  [
    "base64 for URLs",
    btoa(`x${KEY}`).replaceAll("+", "-").replaceAll("/", "_"),
  ],
  [
    "every character in percent",
    [...KEY].map((c) => `%${c.charCodeAt(0).toString(16)}`).join(""),
  ],
  ["percent in lower case", encodeURIComponent(KEY).toLowerCase()],
  [
    "HTML",
    KEY.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")
      .replaceAll('"', "&quot;").replaceAll("'", "&#39;"),
  ],
  ["HTML numbers", [...KEY].map((c) => `&#${c.charCodeAt(0)};`).join("")],
];

for (const [how, text] of SPELLINGS) {
  Deno.test(`createScrub() removes a secret in ${how}`, () => {
    const scrubbed = createScrub([KEY]).text(`before ${text} after`);
    assertMatch(scrubbed, /^before \S{0,20}\[secret\]\S{0,4} after$/);
  });
}

Deno.test("createScrub() leaves texts alone that hold a piece of a short secret", () => {
  assertEquals(createScrub(["abcd1"]).text("YWJjZDE"), "YWJjZDE");
});
