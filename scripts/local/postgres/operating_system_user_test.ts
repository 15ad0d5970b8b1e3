import { deepEqual, throws } from "node:assert/strict";
import { chooseServerUser } from "./operating_system_user.ts";

const root = "root:x:0:0:root:/root:/bin/bash\n";
const nobody = "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n";

Deno.test("chooseServerUser() takes postgres before nobody", () => {
  const passwd = root + nobody + "postgres:x:101:104::/var/lib:/bin/sh\n";
  deepEqual(chooseServerUser(passwd), {
    name: "postgres",
    uid: 101,
    gid: 104,
  });
});

Deno.test("chooseServerUser() takes nobody when there is no postgres", () => {
  deepEqual(chooseServerUser(root + nobody), {
    name: "nobody",
    uid: 65534,
    gid: 65534,
  });
});

Deno.test("chooseServerUser() reads the negative ids of macOS", () => {
  const passwd = "nobody:*:-2:-2:Unprivileged User:/var/empty:/usr/bin/false\n";
  deepEqual(chooseServerUser(passwd), {
    name: "nobody",
    uid: 4294967294,
    gid: 4294967294,
  });
});

Deno.test("chooseServerUser() says what to do when there is nobody", () => {
  throws(() => chooseServerUser(root), /create one or start as another user/);
});
