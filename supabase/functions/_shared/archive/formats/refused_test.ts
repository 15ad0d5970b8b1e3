import { assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import { collect } from "../testing/collect.ts";

async function expectRefusal(archive: object, name: string): Promise<void> {
  const { texts, errors, end } = await collect(archive);
  assertEquals(texts, []);
  assertStrictEquals(end.format, name);
  assertEquals(errors.length, 1);
  assertEquals(errors[0].code, "refused_format");
  assertMatch(errors[0].message, /export|activity/);
}

Deno.test("slack is refused", () =>
  expectRefusal([
    { type: "message", user: "U1", text: "hi", ts: "1700000000.000100" },
  ], "slack"));

Deno.test("discord is refused", () =>
  expectRefusal({
    guild: { id: "1" },
    channel: { id: "2" },
    messages: [{ id: "3", author: { name: "a" }, content: "hi" }],
  }, "discord"));

Deno.test("telegram is refused as one chat", () =>
  expectRefusal({
    name: "Anna",
    type: "personal_chat",
    id: 1,
    messages: [{ id: 1, type: "message", from: "Anna", text: "hi" }],
  }, "telegram"));

Deno.test("telegram is refused as all chats", () =>
  expectRefusal(
    { about: "…", chats: { list: [{ messages: [] }] } },
    "telegram",
  ));

Deno.test("takeoutOther is refused", () =>
  expectRefusal([{
    header: "YouTube",
    title: "Watched a heron",
    time: "2024-05-01T10:00:00.000Z",
    products: ["YouTube"],
  }], "takeout_other"));

Deno.test("telegram is refused as saved messages, which have no name", () =>
  expectRefusal({
    type: "saved_messages",
    id: 1,
    messages: [{ id: 1, type: "message", from: "Anna", text: "hi" }],
  }, "telegram"));

Deno.test("discord is refused as the data that Discord itself exports", () =>
  expectRefusal([
    { ID: 1, Timestamp: "2024-05-01", Contents: "hi", Attachments: "" },
  ], "discord"));

Deno.test("heliconeWithoutBodies is refused, and how to get them is told", () =>
  expectRefusal([{
    request_id: "1",
    request_created_at: "2025-01-01T00:00:00Z",
    request_properties: {},
    response_status: 200,
  }], "helicone_without_bodies"));
