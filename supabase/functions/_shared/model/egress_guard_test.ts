import { assertEquals, assertMatch } from "@std/assert";
import {
  createEgressGuard,
  type EgressGuardOptions,
  isPublicAddress,
} from "./egress_guard.ts";

const PUBLIC = "203.0.114.7";

async function verdictOf(
  url: string,
  options: Partial<EgressGuardOptions> = {},
): Promise<string> {
  const guard = createEgressGuard({
    allowPrivateHosts: false,
    resolveDns: () => Promise.resolve([PUBLIC]),
    now: () => 0,
    ...options,
  });
  return (await guard.check(new URL(url))).verdict;
}

const PRIVATE_SPELLINGS = [
  "http://api.example.com/",
  "ftp://api.example.com/",
  "file:///etc/passwd",
  "data:text/plain,hello",
  "https://127.0.0.1/",
  "https://127.1/",
  "https://2130706433/",
  "https://0x7f000001/",
  "https://0x7f.1/",
  "https://0177.0.0.1/",
  "https://017700000001/",
  "https://127.0.0.1./",
  "https://127。0。0。1/",
  "https://①②⑦.⓪.⓪.①/",
  "https:127.0.0.1",
  "https:\\\\127.0.0.1",
  "https://0/",
  "https://0.0.0.0/",
  "https://10.1.2.3/",
  "https://172.16.0.1/",
  "https://172.31.255.255/",
  "https://192.168.1.1:8443/",
  "https://100.64.0.1/",
  "https://100.100.100.200/",
  "https://169.254.169.254/latest/meta-data/",
  "https://0xa9fea9fe/",
  "https://2852039166/",
  "https://168.63.129.16/",
  "https://192.0.0.192/",
  "https://198.18.0.1/",
  "https://224.0.0.1/",
  "https://240.0.0.1/",
  "https://255.255.255.255/",
  "https://[::]/",
  "https://[::1]/",
  "https://[0:0:0:0:0:0:0:1]/",
  "https://[::127.0.0.1]/",
  "https://[::ffff:127.0.0.1]/",
  "https://[::ffff:7f00:1]/",
  "https://[::ffff:169.254.169.254]/",
  "https://[::ffff:0:127.0.0.1]/",
  "https://[64:ff9b::127.0.0.1]/",
  "https://[64:ff9b::a9fe:a9fe]/",
  "https://[64:ff9b:1::a00:1]/",
  "https://[2002:7f00:1::]/",
  "https://[2002:a9fe:a9fe::1]/",
  "https://[2001:0:0:0:0:0:8080:fefe]/",
  "https://[fc00::1]/",
  "https://[fd00:ec2::254]/",
  "https://[fe80::1]/",
  "https://[fec0::1]/",
  "https://[ff02::1]/",
  "https://localhost/",
  "https://LOCALHOST./",
  "https://loc%61lhost/",
  "https://app.localhost/",
  "https://kong/",
  "https://db:5432/",
  "https://host.docker.internal/",
  "https://metadata.google.internal/computeMetadata/v1/",
  "https://printer.local/",
  "https://api.openai.com@10.0.0.1/",
  "https://user:password@api.example.com/",
  "https://1.1.1.1&@127.0.0.1/",
  "https://127.0.0.1:80\\@api.example.com/",
  "https://127.000.000.001/",
  "https://0x7f.0x0.0x0.0x1/",
  "https://127.0.1/",
  "https://0xffffffff/",
  "https://0.1.2.3/",
  "https://192.0.2.1/",
  "https://198.51.100.7/",
  "https://203.0.113.9/",
  "https://192.88.99.1/",
  "https://169.254.170.2/v2/credentials",
  "https://169.254.169.254.:443/",
  "https://[fd00:ec2::23]/",
  "https://[2001:db8::1]/",
  "https://[100::1]/",
  "https://[3fff::1]/",
  "https://[5f00::1]/",
  "https://[::ffff:0a00:0001]/",
  "https://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ/",
  "https://localhost%E3%80%82/",
  "https://metadata/",
  "https://instance-data/latest/",
  "https://kubernetes.default.svc/",
  "https://kubernetes.default.svc.cluster.local/",
  "gopher://127.0.0.1/",
];

for (const url of PRIVATE_SPELLINGS) {
  Deno.test(`check() refuses ${url}`, async () => {
    assertEquals(await verdictOf(url), "refused");
  });
}

for (
  const url of [
    "https://api.openai.com/v1/chat/completions",
    "https://api.example.com:8443/",
    "https://8.8.8.8/",
    "https://[2606:4700:4700::1111]/",
    "https://[64:ff9b::8.8.8.8]/",
  ]
) {
  Deno.test(`check() allows ${url}`, async () => {
    assertEquals(await verdictOf(url), "allowed");
  });
}

for (
  const address of [
    "127.0.0.1",
    "10.0.0.8",
    "169.254.169.254",
    "::1",
    "fd00::1",
  ]
) {
  Deno.test(`check() refuses a name that also leads to ${address}`, async () => {
    const family = address.includes(":") ? "AAAA" : "A";
    const resolveDns = (_host: string, type: string) =>
      Promise.resolve(type === family ? [PUBLIC, address] : []);
    assertEquals(
      await verdictOf("https://evil.example.com/", { resolveDns }),
      "refused",
    );
  });
}

Deno.test("check() accepts a name with addresses of one family only", async () => {
  const resolveDns = (_host: string, type: string) =>
    type === "A"
      ? Promise.resolve([PUBLIC])
      : Promise.reject(new Error("none"));
  assertEquals(
    await verdictOf("https://api.example.com/", { resolveDns }),
    "allowed",
  );
});

Deno.test("check() is unresolved when DNS has no answer", async () => {
  const resolveDns = () => Promise.reject(new Error("NXDOMAIN"));
  assertEquals(
    await verdictOf("https://api.example.com/", { resolveDns }),
    "unresolved",
  );
});

Deno.test("check() asks DNS again at once when it had no answer", async () => {
  const answers = [[], [], [PUBLIC], [PUBLIC]];
  const guard = createEgressGuard({
    allowPrivateHosts: false,
    now: () => 0,
    resolveDns: () => Promise.resolve(answers.shift()!),
  });
  const url = new URL("https://api.example.com/");
  assertEquals((await guard.check(url)).verdict, "unresolved");
  assertEquals((await guard.check(url)).verdict, "allowed");
});

Deno.test("check() judges names by spelling without a resolver", async () => {
  const resolveDns = undefined;
  assertEquals(
    await verdictOf("https://api.example.com/", { resolveDns }),
    "allowed",
  );
  assertEquals(
    await verdictOf("https://localhost/", { resolveDns }),
    "refused",
  );
});

Deno.test("check() judges names by spelling where DNS may not be asked", async () => {
  const resolveDns = () => Promise.reject(new Deno.errors.NotCapable("net"));
  assertEquals(
    await verdictOf("https://api.example.com/", { resolveDns }),
    "allowed",
  );
  assertEquals(
    await verdictOf("https://localhost/", { resolveDns }),
    "refused",
  );
});

Deno.test("check() opens http and private hosts for local use", async () => {
  const local = { allowPrivateHosts: true };
  assertEquals(await verdictOf("http://127.0.0.1:8000/", local), "allowed");
  assertEquals(await verdictOf("http://kong:8000/", local), "allowed");
  assertEquals(await verdictOf("file:///etc/passwd", local), "refused");
  assertEquals(await verdictOf("http://a:b@127.0.0.1/", local), "refused");
});

Deno.test("check() asks DNS again after 30 seconds", async () => {
  let time = 0;
  let lookups = 0;
  let answer = PUBLIC;
  const guard = createEgressGuard({
    allowPrivateHosts: false,
    now: () => time,
    resolveDns: () => {
      lookups++;
      return Promise.resolve([answer]);
    },
  });
  const url = new URL("https://api.example.com/");
  assertEquals((await guard.check(url)).verdict, "allowed");
  answer = "127.0.0.1";
  time = 29_999;
  assertEquals((await guard.check(url)).verdict, "allowed");
  assertEquals(lookups, 2, "one lookup for each family");
  time = 30_000;
  assertEquals((await guard.check(url)).verdict, "refused");
});

Deno.test("check() gives a reason without path, query and password", async () => {
  const guard = createEgressGuard({ allowPrivateHosts: false, now: () => 0 });
  const verdict = await guard.check(
    new URL("https://me:hush@10.0.0.1/hidden?key=hidden"),
  );
  const reason = verdict.verdict === "allowed" ? "" : verdict.reason;
  assertMatch(reason, /^Cannot call https:\/\/10\.0\.0\.1: /);
  assertEquals(/hush|hidden/.test(reason), false);
});

Deno.test("isPublicAddress() is false for what is no address", () => {
  assertEquals(isPublicAddress("example.com"), false);
});
