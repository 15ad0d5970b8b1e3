import { assertEquals, assertRejects } from "@std/assert";
import { delay } from "@std/async/delay";
import { startBadService } from "./bad_service.ts";

Deno.test("startBadService() misbehaves with four of five events, and scores without end", async () => {
  await using service = startBadService();
  const post = (url: string, signal?: AbortSignal) =>
    fetch(url, { method: "POST", headers: { "webhook-id": "evt_1" }, signal });
  const patience = new AbortController();
  const unanswered = post(service.webhook, patience.signal);
  while (service.heard.size === 0) await delay(1);
  patience.abort();
  await assertRejects(() => unanswered, DOMException);
  const endless = [await post(service.webhook)];
  const failed = await post(service.webhook);
  assertEquals([failed.status, await failed.text()], [500, "no"]);
  const broken = await post(service.webhook);
  await assertRejects(() => broken.text());
  assertEquals((await post(service.webhook)).status, 204);
  endless.push(await post(service.scores));
  for (const { body } of endless) {
    const reader = body!.getReader();
    for (let read = 0; read < 100_000;) {
      read += (await reader.read()).value!.length;
    }
    await reader.cancel();
  }
  assertEquals([[...service.heard], service.count()], [["evt_1"], 1]);
});
