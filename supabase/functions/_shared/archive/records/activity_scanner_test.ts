import { assertEquals, assertMatch } from "@std/assert";
import { collect, toBytes } from "../testing/collect.ts";

function activity(said: string, answer = "", product = "Gemini Apps"): string {
  return `<div class="outer-cell mdl-cell mdl-cell--12-col mdl-shadow--2dp"><div class="mdl-grid"><div class="header-cell mdl-cell mdl-cell--12-col"><p class="mdl-typography--title">${product}<br></p></div><div class="content-cell mdl-cell mdl-cell--6-col mdl-typography--body-1">${said}<br>${answer}</div><div class="content-cell mdl-cell mdl-cell--6-col mdl-typography--body-1 mdl-typography--text-right"></div><div class="content-cell mdl-cell mdl-cell--12-col mdl-typography--caption"><b>Products:</b><br>&emsp;${product}<br></div></div></div>`;
}

function page(...activities: string[]): string {
  return `<html><head><title>My Activity History</title><style>.mdl-typography--title{}</style></head><body>${
    activities.join("")
  }</body></html>`;
}

const herons = page(
  activity(
    "Prompted&nbsp;What is a heron?<br>Where &amp; how?<br>Attached 1 file.<br>-&nbsp;a.png<br>Nov 3, 2024, 10:11:12\u202fAM CET",
    "<p>A bird of 2024, at 10:30.</p>",
  ),
  activity("Used Gemini Apps<br>Nov 2, 2024, 10:11:12 AM CET"),
  activity(
    'Searched for <a href="x">herons</a><br>Nov 1, 2024, 10:11:12 AM CET',
    "",
    "Search",
  ),
  activity(
    "Prompted &#39;one&#39;<br>Nov 1, 2024, 10:11:12 AM UTC",
    "<p>a</p>",
  ),
);

Deno.test("ActivityScanner reads an activity per cell of the page", async () => {
  const { texts, prompts, errors, end } = await collect(herons);
  assertEquals(errors, []);
  assertEquals(texts, ["What is a heron?\nWhere & how?", "'one'"]);
  assertEquals(prompts.map(({ source }) => source.time), [
    "2024-11-03T09:11:12.000Z",
    "2024-11-01T10:11:12.000Z",
  ]);
  assertEquals([end.format, end.conversations], ["takeout_gemini", 2]);
});

Deno.test("ActivityScanner gives the same however the bytes are cut", async () => {
  const whole = await collect(herons);
  for (const chunkBytes of [1, 7, 100, 999]) {
    assertEquals(
      (await collect(herons, { chunkBytes })).prompts,
      whole.prompts,
    );
  }
});

Deno.test("ActivityScanner continues from every checkpoint", async () => {
  const many = toBytes(page(...Array.from(
    { length: 60 },
    (_, number) =>
      activity(`Prompted ${number}<br>Nov 1, 2024, 10:11:12 AM UTC`),
  )));
  const whole = await collect(many, { checkpointBytes: 1000, chunkBytes: 500 });
  assertEquals(whole.texts.length, 60);
  assertEquals(whole.checkpoints.length > 5, true);
  for (const { cursor, promptsBefore } of whole.checkpoints) {
    const rest = await collect(many.subarray(cursor.offset), { from: cursor });
    assertEquals(rest.texts, whole.texts.slice(promptsBefore));
  }
});

Deno.test("ActivityScanner reports a page without activities", async () => {
  const { errors } = await collect(page());
  assertMatch(errors[0].message, /HTML.*export it as JSON/);
});
