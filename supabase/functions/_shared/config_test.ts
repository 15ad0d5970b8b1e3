import { assert, assertEquals, assertThrows } from "@std/assert";
import { readConfig } from "./config.ts";

const minimal = {
  SUPABASE_URL: "http://127.0.0.1:54321/",
  SUPABASE_SECRET_KEYS: '{"default":"sb_secret_x"}',
};

Deno.test("readConfig() reads the default secret key and fills in defaults", () => {
  assertEquals({ ...readConfig(minimal) }, {
    supabaseUrl: "http://127.0.0.1:54321",
    publicUrl: undefined,
    secretKeys: { default: "sb_secret_x" },
    keyName: "default",
    secretKey: "sb_secret_x",
    workerSeconds: 50,
    allowPrivateHosts: false,
    logLevel: "info",
  });
});

Deno.test("readConfig() falls back to the legacy service role key", () => {
  const config = readConfig({
    SUPABASE_URL: minimal.SUPABASE_URL,
    SUPABASE_SECRET_KEYS: "not json",
    SUPABASE_SERVICE_ROLE_KEY: "legacy",
  });
  assertEquals(config.secretKey, "legacy");
});

Deno.test("readConfig() takes a named key where no key is called default", () => {
  const { keyName, secretKey } = readConfig({
    SUPABASE_URL: minimal.SUPABASE_URL,
    SUPABASE_SECRET_KEYS: '{"pipeline":"sb_secret_p","web":"sb_secret_w"}',
    SUPABASE_SERVICE_ROLE_KEY: "legacy, and disabled",
  });
  assertEquals([keyName, secretKey], ["pipeline", "sb_secret_p"]);
});

Deno.test("readConfig() names every variable that is wrong", () => {
  const error = assertThrows(
    () =>
      readConfig({ WORKER_SECONDS: "1", PIPELINE_ALLOW_PRIVATE_HOSTS: "yes" }),
    Error,
  );
  assert(["SUPABASE_URL", "WORKER_SECONDS", "PIPELINE_ALLOW_PRIVATE_HOSTS"]
    .every((name) => error.message.includes(name)));
});
