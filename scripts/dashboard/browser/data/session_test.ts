import { assertEquals, assertRejects } from "@std/assert";
import { openAuth, session } from "./session.ts";

const OLD = {
  access_token: "old",
  refresh_token: "r1",
  expires_at: 0,
  user: {},
};

/** A browser at an address that kept a session of a project. */
async function withBrowser(
  hash: string,
  test: () => Promise<void>,
): Promise<void> {
  const browser = {
    location: { hash, href: `https://pages.example/${hash}` },
    history: { replaceState: () => {} },
    localStorage: globalThis.localStorage,
  };
  const before = Object.keys(browser).map((name) =>
    [name, Object.getOwnPropertyDescriptor(globalThis, name)] as const
  );
  for (const [name, value] of Object.entries(browser)) {
    Object.defineProperty(globalThis, name, { value, configurable: true });
  }
  try {
    await test();
  } finally {
    // Other tests keep what is theirs in it at the same time.
    localStorage.removeItem(keptAs);
    for (const [name, descriptor] of before) {
      if (descriptor) Object.defineProperty(globalThis, name, descriptor);
      else Reflect.deleteProperty(globalThis, name);
    }
  }
}

const project = { projectUrl: "https://one.example", key: "sb_publishable_a" };
const keptAs = `dashboard session of ${project.projectUrl}`;

Deno.test("a renewal that fails ends a session only where Auth refuses it", async () => {
  const failures: [string, () => Promise<Response>, boolean][] = [
    ["no network", () => Promise.reject(new TypeError("offline")), true],
    [
      "502",
      () => Promise.resolve(new Response("<html>", { status: 502 })),
      true,
    ],
    [
      "429",
      () => Promise.resolve(Response.json({ msg: "slow" }, { status: 429 })),
      true,
    ],
    [
      "400",
      () => Promise.resolve(Response.json({ msg: "used" }, { status: 400 })),
      false,
    ],
    ["403", () => Promise.resolve(new Response("", { status: 403 })), false],
  ];
  for (const [name, fetch, isKept] of failures) {
    await withBrowser("#/", async () => {
      localStorage.setItem(keptAs, JSON.stringify(OLD));
      const auth = await openAuth(project, fetch);
      await assertRejects(() => auth.token());
      assertEquals(localStorage.getItem(keptAs) !== null, isKept, name);
      assertEquals(session.value !== undefined, isKept, name);
    });
  }
});

Deno.test("a link that was used leads to signing in", async () => {
  await withBrowser("#access_token=a&refresh_token=used", async () => {
    const { linkProblem } = await openAuth(
      project,
      () =>
        Promise.resolve(
          Response.json({ msg: "Already Used" }, { status: 400 }),
        ),
    );
    assertEquals(linkProblem, "The link does not sign in: Already Used");
    assertEquals(session.value, undefined);
  });
  await withBrowser(
    "#error=access_denied&error_description=Link+expired",
    async () => {
      const { linkProblem } = await openAuth(project);
      assertEquals(linkProblem, "Link expired");
    },
  );
});

Deno.test("a session is of one project", async () => {
  await withBrowser("#/", async () => {
    localStorage.setItem(keptAs, JSON.stringify(OLD));
    await openAuth({ ...project, projectUrl: "https://two.example" });
    assertEquals(session.value, undefined);
    await openAuth(project);
    assertEquals(session.value, OLD);
  });
});

Deno.test("a token is renewed where the browser has no locks", async () => {
  await withBrowser("#/", async () => {
    localStorage.setItem(keptAs, JSON.stringify(OLD));
    const locks = Object.getOwnPropertyDescriptor(Navigator.prototype, "locks");
    Object.defineProperty(navigator, "locks", {
      value: undefined,
      configurable: true,
    });
    try {
      const renewed = { ...OLD, access_token: "new", expires_at: Date.now() };
      const auth = await openAuth(
        project,
        () => Promise.resolve(Response.json(renewed)),
      );
      assertEquals(await auth.token(), "new");
    } finally {
      if (locks) Reflect.deleteProperty(navigator, "locks");
    }
  });
});
