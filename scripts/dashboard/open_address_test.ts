import { assert, assertEquals, assertRejects } from "@std/assert";
import { openAddress } from "./open_address.ts";

Deno.test("openAddress() tells a token by a file of this user, which is taken away", async () => {
  let opened = "";
  const address = "http://127.0.0.1:1/#token=abc&/runs/7";
  const { close } = await openAddress(address, (url) => {
    opened = url;
    return Promise.resolve();
  });
  assert(opened.startsWith("file:///") && !opened.includes("abc"), opened);
  const file = new URL(opened);
  if (Deno.build.os !== "windows") {
    assertEquals((await Deno.stat(file)).mode! & 0o777, 0o600);
  }
  const page = await Deno.readTextFile(file);
  assert(
    page.includes('content="0; url=http://127.0.0.1:1/#token=abc&amp;/runs/7"'),
    page,
  );
  await close();
  await assertRejects(() => Deno.stat(file), Deno.errors.NotFound);
});
