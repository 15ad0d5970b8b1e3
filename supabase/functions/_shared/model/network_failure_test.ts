import { assertEquals, assertStrictEquals } from "@std/assert";
import { ConnectionFailure } from "./network_failure.ts";

const CLIENT = "client error (Connect)";
const URL_TEXT = "https://refused.example/tls/?dns=reset";

// Messages as Deno 2.1 and 2.9 write them.
for (
  const [message, code] of [
    [`${CLIENT}: dns error: failed to lookup address information`, "dns"],
    [`${CLIENT}: tcp connect error: Connection refused`, "connection_refused"],
    [`${CLIENT}: invalid peer certificate: UnknownIssuer`, "tls"],
    ["client error (SendRequest): connection closed before message", "reset"],
    ["connection error: Connection reset by peer (os error 104)", "reset"],
    ["error reading a body from connection", "reset"],
    ["something new", "network"],
  ]
) {
  const text = `error sending request for url (${URL_TEXT}): ${message}`;

  Deno.test(`ConnectionFailure is ${code} for "${message}"`, () => {
    assertStrictEquals(new ConnectionFailure(new TypeError(text)).code, code);
  });

  Deno.test(`ConnectionFailure is ${code} for the cause "${message}"`, () => {
    const cause = new Error(text);
    assertStrictEquals(
      new ConnectionFailure(new TypeError("failed", { cause })).code,
      code,
    );
  });
}

Deno.test("ConnectionFailure does not show the URL", () => {
  const failure = new ConnectionFailure(new TypeError(URL_TEXT));
  assertEquals(failure.message.includes("example"), false);
});
