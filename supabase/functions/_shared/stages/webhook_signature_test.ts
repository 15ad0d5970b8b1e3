import { assertEquals, assertThrows } from "@std/assert";
import { Webhook } from "standardwebhooks";
import { signWebhook } from "./webhook_signature.ts";

const secret = `whsec_${btoa("0123456789abcdef0123456789abcdef")}`;

Deno.test("signWebhook() signs what the standard's own library verifies", async () => {
  const timestamp = Math.floor(Date.now() / 1000);
  const body = JSON.stringify({ type: "pipeline.run.completed", data: "é😀" });
  const headers = {
    "webhook-id": "evt_1",
    "webhook-timestamp": String(timestamp),
    "webhook-signature": await signWebhook(secret, {
      id: "evt_1",
      timestamp,
      body,
    }),
  };
  assertEquals(new Webhook(secret).verify(body, headers), JSON.parse(body));
  assertThrows(() => new Webhook(secret).verify(`${body} `, headers));
});
