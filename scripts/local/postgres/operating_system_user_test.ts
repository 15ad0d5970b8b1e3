import { assertEquals, assertThrows } from "@std/assert";
import { chooseServerUser } from "./operating_system_user.ts";

const root = "root:x:0:0:root:/root:/bin/bash\n";
const nobody = "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n";

Deno.test("chooseServerUser() takes postgres before nobody", () => {
  const passwd = root + nobody + "postgres:x:101:104::/var/lib:/bin/sh\n";
  assertEquals(chooseServerUser(passwd), {
    name: "postgres",
    uid: 101,
    gid: 104,
  });
});

Deno.test("chooseServerUser() takes nobody when there is no postgres", () => {
  assertEquals(chooseServerUser(root + nobody), {
    name: "nobody",
    uid: 65534,
    gid: 65534,
  });
});

Deno.test("chooseServerUser() reads the negative ids of macOS", () => {
  const passwd = "nobody:*:-2:-2:Unprivileged User:/var/empty:/usr/bin/false\n";
  assertEquals(chooseServerUser(passwd), {
    name: "nobody",
    uid: 4294967294,
    gid: 4294967294,
  });
});

Deno.test("chooseServerUser() says what to do when there is nobody", () => {
  assertThrows(
    () => chooseServerUser(root),
    Error,
    "create one or start as another user",
  );
});
