import { assertEquals } from "@std/assert";
import { patiently } from "./patiently.ts";

Deno.test("patiently() tries again", async () => {
  let tries = 0;
  const act = () =>
    ++tries < 2 ? Promise.reject(new Error("gone")) : Promise.resolve(tries);
  assertEquals(await patiently(act), 2);
});

Deno.test("patiently() takes an error for done that says so", async () => {
  const error = Object.assign(new Error("known"), { code: "42P01" });
  assertEquals(
    await patiently(
      () => Promise.reject(error),
      ({ code }) => code === "42P01",
    ),
    undefined,
  );
});
