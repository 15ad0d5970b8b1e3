import {
  assertEquals,
  assertMatch,
  assertNotStrictEquals,
  assertStrictEquals,
} from "@std/assert";
import { type Redaction, REDACTIONS } from "../options.ts";
import { createRedactor } from "./redact.ts";

function redact(text: string, kinds: readonly Redaction[] = REDACTIONS) {
  const redactor = createRedactor(kinds);
  return { text: redactor.redact(text), counts: redactor.counts };
}

/** Expects that each of these is replaced whole, and as this kind. */
function expectKind(kind: Redaction, values: string[]): void {
  for (const value of values) {
    const { text, counts } = redact(`before ${value} after`);
    assertMatch(
      text,
      new RegExp(`^before \\[${kind.toUpperCase()}_[0-9a-f]{6}\\] after$`),
      value,
    );
    assertEquals(counts, { [kind]: 1 });
  }
}

Deno.test("createRedactor() replaces e-mail addresses", () =>
  expectKind("email", ["a@example.com", "first.last+tag@mail.example.co.uk"]));

Deno.test("createRedactor() replaces phone numbers", () =>
  expectKind("phone", [
    "+1 (555) 123-4567",
    "+49 30 1234567",
    "0049 171 1234567",
    "0171/1234567",
    "(555) 123-4567",
    "13812345678",
    "1-800-555-0199",
    // Its digits pass the Luhn check too.
    "+86 138 1234 5678",
  ]));

Deno.test("createRedactor() replaces cards that pass the Luhn check", () => {
  expectKind("card", [
    "4111 1111 1111 1111",
    "5500-0000-0000-0004",
    "378282246310005",
  ]);
  assertEquals(
    redact("4111 1111 1111 1112", ["card"]).text,
    "4111 1111 1111 1112",
  );
  assertEquals(
    redact("0000 0000 0000 0000", ["card"]).text,
    "0000 0000 0000 0000",
  );
});

Deno.test("createRedactor() replaces IBANs whose check digits are right", () => {
  expectKind("iban", ["DE89 3704 0044 0532 0130 00", "GB82WEST12345698765432"]);
  assertEquals(
    redact("DE88370400440532013000", ["iban"]).text,
    "DE88370400440532013000",
  );
});

Deno.test("createRedactor() replaces IP addresses", () => {
  expectKind("ip", [
    "192.168.1.10",
    "2001:db8::8a2e:370:7334",
    "2001:0db8:0000:0000:0000:8a2e:0370:7334",
  ]);
  for (
    const text of ["10:30:00", "at 12:45", "a::b", "version 1.2.3", "300.1.1.1"]
  ) {
    assertStrictEquals(redact(text, ["ip"]).text, text);
  }
});

Deno.test("createRedactor() replaces keys", () =>
  expectKind("key", [
    ["sk", "proj", "abcDEF123456ghiJKL789"].join("-"),
    ["ghp", "0123456789abcdefghijABCDEFGHIJ012345"].join("_"),
    ["sb", "secret", "0123456789abcdefghij"].join("_"),
    ["AKIA", "0123456789ABCDEF"].join(""),
    [
      "eyJhbGciOiJIUzI1NiJ9",
      "eyJzdWIiOiIxMjM0NTY3ODkwIn0",
      "dozjgNryP4J3jVmNHl0w5N",
    ].join("."),
  ]));

Deno.test("createRedactor() leaves ordinary text alone", () => {
  for (
    const text of [
      "On 01.02.2024 and 09/11/2001, not 2024-01-01T10:20:30Z",
      "sk-learn-and-other-long-names",
      "order 123456 costs 1,234,567.89",
      "3.14159265358979 and 0.1234567",
      "uuid 3f2504e0-4f89-11d3-9a0c-0305e82c3301",
      "function a@b() {}",
    ]
  ) assertEquals(redact(text), { text, counts: {} });
});

Deno.test("createRedactor() gives the same value the same placeholder", () => {
  const { text } = redact("A@example.com, a@EXAMPLE.com, b@example.com", [
    "email",
  ]);
  const [first, second, third] = text.split(", ");
  assertStrictEquals(first, second);
  assertNotStrictEquals(first, third);
  assertStrictEquals(
    redact("555-123-4567", ["phone"]).text,
    redact("(555) 123 4567", ["phone"]).text,
  );
});

Deno.test("createRedactor() replaces only the kinds that were asked for", () => {
  const { text, counts } = redact("a@example.com 192.168.1.10", ["ip"]);
  assertMatch(text, /^a@example\.com \[IP_/);
  assertEquals(counts, { ip: 1 });
});

Deno.test("createRedactor() takes linear time for text made to be slow", () => {
  const started = performance.now();
  for (
    const unit of [
      "a",
      "1",
      "1 ",
      "a@",
      "1:",
      "eyJ",
      "sk-",
      "-----BEGIN PRIVATE KEY-----",
      "AB12 ",
    ]
  ) {
    redact(unit.repeat(200_000 / unit.length));
  }
  // Quadratic time would be minutes.
  assertEquals(performance.now() - started < 20_000, true);
});
