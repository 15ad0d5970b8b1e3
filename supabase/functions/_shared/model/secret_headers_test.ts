import {
  assert,
  assertEquals,
  assertMatch,
  assertObjectMatch,
  assertRejects,
} from "@std/assert";
import { createHeaderSource, SecretUnavailable } from "./secret_headers.ts";
import { UnsendableRequest } from "./unsendable_request.ts";

const BEARER = { Authorization: "Bearer {{secret:KEY}}" };

Deno.test("resolve() puts secrets into header values", async () => {
  const source = createHeaderSource(
    { ...BEARER, "x-org": "{{ secret:ORG }}-{{secret:KEY}}", plain: "yes" },
    (name) => Promise.resolve(`value-of-${name}\n`),
    () => 0,
  );
  assertEquals([...(await source.resolve()).headers], [
    ["authorization", "Bearer value-of-KEY"],
    ["plain", "yes"],
    ["x-org", "value-of-ORG-value-of-KEY"],
  ]);
});

Deno.test("resolve() looks a secret up again after 60 seconds or forget()", async () => {
  let time = 0;
  let lookups = 0;
  const source = createHeaderSource(
    BEARER,
    () => Promise.resolve(`key-${++lookups}`),
    () => time,
  );
  const authorization = async () =>
    (await source.resolve()).headers.get("authorization");
  assertEquals(await authorization(), "Bearer key-1");
  time = 59_999;
  assertEquals(await authorization(), "Bearer key-1");
  time = 60_000;
  assertEquals(await authorization(), "Bearer key-2");
  source.forget();
  assertEquals(await authorization(), "Bearer key-3");
});

Deno.test("resolve() names the secret that cannot be read and tries it anew", async () => {
  let lookups = 0;
  const source = createHeaderSource(
    BEARER,
    () =>
      ++lookups === 1
        ? Promise.reject(new Error("no such secret"))
        : Promise.resolve("sound"),
    () => 0,
  );
  assertObjectMatch(await assertRejects(() => source.resolve(), Error), {
    name: "SecretUnavailable",
    message: "Cannot read the secret KEY: no such secret",
  });
  await source.resolve();
});

Deno.test("resolve() refuses a secret with a line break without quoting it", async () => {
  const source = createHeaderSource(
    BEARER,
    () => Promise.resolve("hush\nhush"),
    () => 0,
  );
  const error = await assertRejects(() => source.resolve(), Error);
  assertMatch(error.message, /^Cannot send the secret KEY: /);
  assertEquals(error.message.includes("hush"), false);
  assert(error instanceof SecretUnavailable);
});

for (const [name, value] of [["bad name", "hush"], ["x-ok", "hush\nhush"]]) {
  Deno.test(`resolve() refuses the header ${name} without quoting its value`, async () => {
    const source = createHeaderSource(
      { [name]: value },
      () => Promise.reject(new Error("not called")),
      () => 0,
    );
    const error = await assertRejects(() => source.resolve(), Error);
    assertEquals(error.message.includes("hush"), false);
    assert(
      error instanceof UnsendableRequest &&
        error.code === "header_invalid",
    );
  });
}

Deno.test("resolve() scrubs keys written into a header too", async () => {
  const source = createHeaderSource(
    { "x-api-key": "sk-0123456789", Accept: "application/json" },
    () => Promise.reject(new Error("not called")),
    () => 0,
  );
  const { scrub } = await source.resolve();
  assertEquals(scrub.text("key sk-0123456789"), "key [secret]");
  assertEquals(scrub.text("application/json"), "application/json");
});
