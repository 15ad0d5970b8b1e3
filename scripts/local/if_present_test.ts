import { assertEquals, assertRejects } from "@std/assert";
import { ifPresent } from "./if_present.ts";

Deno.test("ifPresent() gives what is there, and undefined when nothing is", async () => {
  assertEquals(await ifPresent(Promise.resolve("text")), "text");
  assertEquals(
    await ifPresent(Promise.reject(new Deno.errors.NotFound())),
    undefined,
  );
});

Deno.test("ifPresent() passes any other error on", async () => {
  await assertRejects(
    () => ifPresent(Promise.reject(new Deno.errors.PermissionDenied("no"))),
    Deno.errors.PermissionDenied,
  );
});
