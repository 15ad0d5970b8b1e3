import { assert, assertEquals, assertRejects } from "@std/assert";
import { buildZip } from "../testing/build_zip.ts";
import { joinBytes } from "../testing/change_bytes.ts";
import { collect, streamOf } from "../testing/collect.ts";
import { BrokenContainer } from "./broken_container.ts";
import { unzstd } from "./unzstd.ts";

const bytesOf = (base64: string) =>
  Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));

/** Written by `zstd`: two lines, and a third one. */
const frames = [
  "KLUv/SQi7QAAuHsicHJvbXB0Ijoib25lIn0KdHdvIn0KAQDJmEu1dUoN",
  "KLUv/QRYmQAAeyJwcm9tcHQiOiJ0aHJlZSJ9Cq1nuTU=",
].map(bytesOf);

Deno.test("unzstd() expands several frames, however they come", async () => {
  for (const chunkBytes of [1, 7, 1000]) {
    const { texts, errors } = await collect(joinBytes(...frames), {
      chunkBytes,
    });
    assertEquals([texts, errors], [["one", "two", "three"], []]);
  }
});

Deno.test("unzstd() expands entries of a zip", async () => {
  const { texts, errors } = await collect(buildZip([{
    name: "samples/1.jsonl",
    content: frames[0],
    stored: true,
    method: 93,
  }]));
  assertEquals([texts, errors], [["one", "two"], []]);
});

Deno.test("unzstd() tells of data that is cut off", async () => {
  const { errors } = await collect(frames[0].slice(0, -8));
  assertEquals(errors.map(({ code }) => code), ["broken_compression"]);
});

Deno.test("unzstd() takes no memory for a window that is too large", async () => {
  const bytes = frames[0].slice();
  // A window of 2 TB, and no content size.
  bytes.set([0x00, 0xff], 4);
  const drained = Array.fromAsync(unzstd(streamOf(bytes)));
  const error = await assertRejects(() => drained, BrokenContainer);
  assert(error.message.includes("--long"));
});
