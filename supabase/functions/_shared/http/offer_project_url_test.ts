import { assertEquals } from "@std/assert";
import { createProjectUrlOffer } from "./offer_project_url.ts";

Deno.test("createProjectUrlOffer() tells the URL once, and again when that failed", async () => {
  const told: unknown[] = [];
  const offer = createProjectUrlOffer({
    call: (_name, args) =>
      told.push(args) === 1
        ? Promise.reject(new Error("away"))
        : Promise.resolve(true) as never,
  }, "https://p.example");
  await offer();
  await Promise.all([offer(), offer()]);
  await offer();
  assertEquals(told, [{ url: "https://p.example" }, {
    url: "https://p.example",
  }]);
});
