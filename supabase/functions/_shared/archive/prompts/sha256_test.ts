import { equal } from "node:assert/strict";
import { createHash } from "node:crypto";
import { createSha256, sha256 } from "./sha256.ts";

function reference(text: string | Uint8Array): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 32);
}

Deno.test("sha256() agrees with node:crypto for every length of padding", () => {
  for (let length = 0; length < 200; length++) {
    const text = "x".repeat(length);
    equal(sha256(text), reference(text));
  }
});

Deno.test("sha256() hashes UTF-8", () => {
  for (const text of ["é", "a€b", "🦢".repeat(500), "\0"]) {
    equal(sha256(text), reference(text));
  }
});

Deno.test("createSha256() hashes the prefix filled up to whole blocks", () => {
  for (const size of [1, 63, 64, 65, 200]) {
    const prefix = "p".repeat(size);
    const filled = new Uint8Array(Math.ceil(size / 64) * 64 + 4);
    filled.set(new TextEncoder().encode(prefix));
    filled.set(new TextEncoder().encode("text"), filled.length - 4);
    equal(createSha256(prefix).hash("text"), reference(filled));
  }
});

Deno.test("createSha256() goes on after a beginning, whatever was hashed since", () => {
  const archive = createSha256("archive");
  const conversation = archive.after("conversation");
  equal(archive.after("another").hash("text").length, 32);
  const filled = new Uint8Array(132);
  filled.set(new TextEncoder().encode("archive"));
  filled.set(new TextEncoder().encode("conversation"), 64);
  filled.set(new TextEncoder().encode("text"), 128);
  equal(conversation.hash("text"), reference(filled));
  equal(archive.hash("text"), createSha256("archive").hash("text"));
});
