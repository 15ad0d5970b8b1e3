import { assertEquals, assertRejects } from "@std/assert";
import { createEgressGuard } from "./egress_guard.ts";
import { createProjectDns } from "./project_dns.ts";

const OWN = "p.supabase.co";
const model = new URL("https://api.example.com/");

/** A guard that asks a DNS with these addresses by name; other names have no answer. */
function createGuard(addresses: Record<string, string[]>) {
  const asked: string[] = [];
  const { resolve } = createProjectDns(
    `https://${OWN}`,
    ((host: string, type: string) => {
      asked.push(`${type} ${host}`);
      return type === "A" && host in addresses
        ? Promise.resolve(addresses[host])
        : Promise.reject(new Deno.errors.TimedOut());
    }) as typeof Deno.resolveDns,
  );
  const guard = createEgressGuard({
    allowPrivateHosts: false,
    resolveDns: resolve,
    now: () => 0,
  });
  return { guard, asked, resolve };
}

Deno.test("createProjectDns() leaves names to their spelling where DNS does not answer", async () => {
  const { guard, asked } = createGuard({});
  assertEquals((await guard.check(model)).verdict, "allowed");
  assertEquals(
    (await guard.check(new URL("https://printer.local/"))).verdict,
    "refused",
  );
  const before = asked.length;
  await guard.check(new URL("https://other.example.com/"));
  assertEquals(asked.length, before, "it asks no more");
});

Deno.test("createProjectDns() lets a name fail that alone has no answer", async () => {
  const { guard, resolve } = createGuard({ [OWN]: ["203.0.114.7"] });
  assertEquals((await guard.check(model)).verdict, "unresolved");
  await assertRejects(() => resolve("api.example.com", "A"), Error);
});

Deno.test("createProjectDns() gives what DNS answers", async () => {
  const { guard } = createGuard({
    [OWN]: ["203.0.114.7"],
    "api.example.com": ["10.0.0.1"],
  });
  assertEquals((await guard.check(model)).verdict, "refused");
});
