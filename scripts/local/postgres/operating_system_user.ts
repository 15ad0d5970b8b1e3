/** The operating-system user that runs PostgreSQL. */
export interface OperatingSystemUser {
  name: string;
  uid: number;
  gid: number;
}

/**
 * PostgreSQL refuses to run as root, so root hands it to another user: the first
 * of `postgres`, `_postgres` (macOS) and `nobody` in the given passwd file.
 *
 * @param passwd the text of /etc/passwd
 * @throws Error when none of the three exists
 */
export function chooseServerUser(passwd: string): OperatingSystemUser {
  for (const name of ["postgres", "_postgres", "nobody"]) {
    const line = passwd.split("\n").find((line) => line.startsWith(`${name}:`));
    if (!line) continue;
    const [, , uid, gid] = line.split(":");
    // macOS writes nobody as -2; the kernel takes the unsigned form.
    return { name, uid: Number(uid) >>> 0, gid: Number(gid) >>> 0 };
  }
  throw new Error(
    "Cannot run PostgreSQL as root: /etc/passwd has no user postgres or nobody to run it as; create one or start as another user",
  );
}

/** The user to switch to, or undefined when this process is not root. */
export async function findServerUser(): Promise<
  OperatingSystemUser | undefined
> {
  if (Deno.uid() !== 0) return undefined;
  return chooseServerUser(await Deno.readTextFile("/etc/passwd"));
}
