import {
  assertEquals,
  assertNotStrictEquals,
  assertStrictEquals,
} from "@std/assert";
import { chooseFolders, type FolderSituation } from "./folders.ts";

const user: FolderSituation = {
  os: "linux",
  isRoot: false,
  checkout: "/home/ada/prompt-pipeline",
  env: { HOME: "/home/ada" },
  systemTemporary: "/tmp",
};
const root = { ...user, isRoot: true, checkout: "/root/prompt-pipeline" };

Deno.test("chooseFolders() keeps root's files out of root's home", () => {
  for (const folder of Object.values(chooseFolders(root))) {
    assertEquals(folder.startsWith("/var/lib/prompt-pipeline/"), true);
  }
});

Deno.test("chooseFolders() gives every clone of root its own data", () => {
  const other = chooseFolders({ ...root, checkout: "/srv/prompt-pipeline" });
  assertNotStrictEquals(chooseFolders(root).data, other.data);
  assertStrictEquals(chooseFolders(root).runtime, other.runtime);
});

Deno.test("chooseFolders() keeps a user's data in the clone", () => {
  assertEquals(
    chooseFolders(user).data,
    "/home/ada/prompt-pipeline/.local/supabase",
  );
  assertEquals(
    chooseFolders(user).runtime,
    "/home/ada/.cache/prompt-pipeline/runtime",
  );
});

Deno.test("chooseFolders() obeys XDG_CACHE_HOME", () => {
  const env = { HOME: "/home/ada", XDG_CACHE_HOME: "/fast" };
  assertEquals(
    chooseFolders({ ...user, env }).runtime,
    "/fast/prompt-pipeline/runtime",
  );
});

Deno.test("chooseFolders() does without a home folder", () => {
  assertEquals(
    chooseFolders({ ...user, env: {} }).runtime,
    "/tmp/prompt-pipeline/runtime",
  );
});

Deno.test("chooseFolders() puts temporary stacks where it is told", () => {
  const env = { HOME: "/home/ada", PIPELINE_TEMPORARY_FOLDER: "/dev/shm/mine" };
  for (const situation of [user, root]) {
    const { temporary, runtime } = chooseFolders({ ...situation, env });
    assertStrictEquals(temporary, "/dev/shm/mine");
    assertStrictEquals(runtime, chooseFolders(situation).runtime);
  }
});
