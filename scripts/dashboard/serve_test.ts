import { assert, assertEquals, assertMatch } from "@std/assert";
import { request as httpRequest } from "node:http";
import { FUNCTIONS, RELATIONS } from "../../supabase/tests/e2e/access_table.ts";
import { TOKEN_HEADER } from "./guard.ts";
import * as passedOn from "./passed_on.ts";
import { type Dashboard, serveDashboard } from "./serve.ts";

const SECRET = "sb_secret_only_the_server_knows";

/** What the project was asked. */
interface Asked {
  path: string;
  method: string;
  headers: Headers;
}

/** Serves the dashboard of a project that answers `[]` to everything. */
async function withDashboard(
  test: (dashboard: Dashboard, asked: Asked[]) => Promise<void>,
  readOnly = false,
): Promise<void> {
  const asked: Asked[] = [];
  const dashboard = await serveDashboard(
    { url: "https://project.example", secretKey: SECRET },
    {
      port: 0,
      readOnly,
      fetch: (input, init) => {
        const path = String(input).slice("https://project.example".length);
        asked.push({
          path,
          method: init?.method ?? "GET",
          headers: new Headers(init?.headers),
        });
        return Promise.resolve(Response.json([]));
      },
    },
  );
  try {
    await test(dashboard, asked);
  } finally {
    await dashboard.stop();
  }
}

/** A request as any program can send it: fetch() would not let Host and Sec-Fetch-Site through. */
function send(
  { port }: Dashboard,
  path: string,
  { method = "GET", headers = {}, body = "" }: {
    method?: string;
    headers?: Record<string, string>;
    body?: string;
  } = {},
): Promise<{ status: number; headers: Record<string, unknown>; body: string }> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest({
      host: "127.0.0.1",
      port,
      path,
      method,
      headers: { "content-length": String(body.length), ...headers },
    }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (part) => text += part);
      response.on("end", () =>
        resolve({
          status: response.statusCode!,
          headers: response.headers,
          body: text,
        }));
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

const PROGRESS = "/rest/v1/pipeline_run_progress?select=id";

Deno.test("the dashboard's server answers its own page only", async (t) => {
  await withDashboard(async (dashboard, asked) => {
    const token = { [TOKEN_HEADER]: dashboard.token };
    const refused: [string, Record<string, string>, number][] = [
      ["a foreign Host", { host: "evil.example", ...token }, 403],
      ["a name that DNS leads here", {
        host: `evil.example:${dashboard.port}`,
        ...token,
      }, 403],
      ["a Host of another port", { host: "127.0.0.1:1", ...token }, 403],
      ["a foreign Origin", { origin: "https://evil.example", ...token }, 403],
      [
        "an Origin of another port",
        { origin: "http://127.0.0.1:1", ...token },
        403,
      ],
      ["the Origin of a file", { origin: "null", ...token }, 403],
      ["another site", { "sec-fetch-site": "cross-site", ...token }, 403],
      ["another port of this machine", {
        "sec-fetch-site": "same-site",
        ...token,
      }, 403],
      ["no token", {}, 401],
      [
        "an old token",
        { [TOKEN_HEADER]: "2el-FnLr3YRjRQvKEJTBz1F16zZPtclX" },
        401,
      ],
      ["a cookie", { cookie: `${TOKEN_HEADER}=${dashboard.token}` }, 401],
    ];
    for (const [name, headers, status] of refused) {
      await t.step(`${name} → ${status}`, async () => {
        assertEquals(
          (await send(dashboard, PROGRESS, { headers })).status,
          status,
        );
        assertEquals(asked, []);
      });
    }
    await t.step("the page with the token → 200", async () => {
      const headers = {
        ...token,
        origin: `http://127.0.0.1:${dashboard.port}`,
        "sec-fetch-site": "same-origin",
      };
      assertEquals((await send(dashboard, PROGRESS, { headers })).status, 200);
      assertEquals(asked.length, 1);
    });
    const navigation = {
      "sec-fetch-site": "cross-site",
      "sec-fetch-mode": "navigate",
      "sec-fetch-dest": "document",
    };
    await t.step("a link from anywhere to the page → 200", async () => {
      const { status } = await send(dashboard, "/", { headers: navigation });
      assertEquals(status, 200);
    });
    const misled: [string, string, Record<string, string>, string?][] = [
      ["to a file of it", "/dashboard.js", {}],
      ["to the page with a query", "/?x", {}],
      ["to the project", PROGRESS, token],
      ["in a frame", "/", { "sec-fetch-dest": "iframe" }],
      ["of a script", "/", { "sec-fetch-mode": "no-cors" }],
      ["by a form", "/", {}, "POST"],
      ["by a name that DNS leads here", "/", { host: "evil.example" }],
    ];
    for (const [name, path, headers, method] of misled) {
      await t.step(`a link from another site ${name} → 403`, async () => {
        const { status } = await send(dashboard, path, {
          method,
          headers: { ...navigation, ...headers },
        });
        assertEquals(status, 403);
      });
    }
    await t.step("a preflight of another origin is not granted", async () => {
      const { status, headers } = await send(dashboard, PROGRESS, {
        method: "OPTIONS",
        headers: { origin: "https://evil.example" },
      });
      assertEquals(status, 403);
      assertEquals(headers["access-control-allow-origin"], undefined);
    });
  });
});

Deno.test("the dashboard's server asks only what is on its list", async (t) => {
  await withDashboard(async (dashboard, asked) => {
    const headers = { [TOKEN_HEADER]: dashboard.token };
    const listed = [...passedOn.READS, ...passedOn.CHANGES];
    await t.step("functions of the project that are not listed", async () => {
      for (const { name } of FUNCTIONS) {
        if (listed.includes(name)) continue;
        for (const method of ["POST", "GET"]) {
          const { status } = await send(dashboard, `/rest/v1/rpc/${name}`, {
            method,
            headers,
            body: method === "POST" ? "{}" : "",
          });
          assertEquals(status, 404, `${method} ${name}`);
        }
      }
      assertEquals(asked, []);
      assert(FUNCTIONS.length > listed.length + 10);
    });
    await t.step("tables are read, never written", async () => {
      for (const { name } of RELATIONS) {
        for (const method of ["POST", "PATCH", "PUT", "DELETE"]) {
          const { status } = await send(dashboard, `/rest/v1/${name}`, {
            method,
            headers,
            body: "{}",
          });
          assertEquals(status, 404, `${method} ${name}`);
        }
      }
      assertEquals(asked, []);
    });
    const refused = [
      "/rest/v1/pipeline_tasks?select=id",
      "/rest/v1/prompt_evaluations?select=id",
      "/rest/v1/",
      "/rest/v1",
      "/auth/v1/admin/users",
      "/storage/v1/bucket/archives",
      "/storage/v1/bucket?limit=1",
      "/storage/v1/object/archives/a.jsonl",
      "/storage/v1/object/sign/archives",
      "/storage/v1/object/list/archives/a",
      "/storage/v1/object/list/a%2Fb",
      "/storage/v1/object/list/%2e%2e",
      "/storage/v1/object/list/..%2F..%2Fbucket",
      "/storage/v1/object/list-v2/archives",
      "/functions/v1/pipeline-worker",
      "/functions/v1/prompt-pipeline",
      "/functions/v1/run-pipeline",
      "/functions/v1/extract-prompts?x=1",
      "/functions/v1/extract-prompts/../run-pipeline",
      "/pg/query",
      "/rest/v1/model_endpoints",
      "/rest/v1/model_endpoints?select=*",
      "/rest/v1/model_endpoints?select=name,headers",
      "/rest/v1/model_endpoints?select=name&headers=not.is.null",
      "/rest/v1/model_endpoints?select=name&or=(headers.not.is.null)",
      "/rest/v1/model_endpoints?select=name&order=headers",
      "/rest/v1/model_endpoints?select=key:headers",
      "/rest/v1/pipeline_watches?select=*,model_endpoints(*)",
      "/rest/v1/pipeline_watches?select=*,...model_endpoints(headers)",
      "/rest/v1/pipeline_watches?select=id&order=model_endpoints(headers)",
      "/rest/v1/pipeline_watches?select=id&model_endpoints.headers=not.is.null",
      "/rest/v1/rpc/pause_pipeline_run?select=*,model_endpoints(*)",
      "/rest/v1/rpc/evaluation_facets?select=*",
      "/rest/v1/pipeline_watches?select=id&limit=1;select=*",
      "/rest/v1/pipeline_watches?select=id&offset=-1",
      "/rest/v1/rpc/../rpc/pipeline_read_secret",
      "/rest/v1/rpc/%70ipeline_read_secret",
      "/rest/v1/rpc/pipeline_inspect_project/../pipeline_read_secret",
      "/rest/v1//rpc/pipeline_read_secret",
      "/rest/v1/rpc/pipeline_inspect_project;/../pipeline_read_secret",
      "/rest/v1/rpc/constructor",
      "/rest/v1/constructor?select=id",
    ];
    for (const path of refused) {
      await t.step(`${path} → 404`, async () => {
        for (const method of ["GET", "POST"]) {
          asked.length = 0;
          const body = method === "POST" ? "{}" : "";
          const { status } = await send(dashboard, path, {
            method,
            headers,
            body,
          });
          assertEquals(status, 404, method);
          assertEquals(asked, []);
        }
      });
    }
  });
});

Deno.test("the project is asked the query that was looked at, whatever else splits it", async () => {
  await withDashboard(async (dashboard, asked) => {
    const { status } = await send(
      dashboard,
      "/rest/v1/model_endpoints?name=neq.x;select=headers,request_template&select=name",
      { headers: { [TOKEN_HEADER]: dashboard.token } },
    );
    assertEquals(status, 200);
    assertEquals(asked.map(({ path }) => path), [
      "/rest/v1/model_endpoints?name=neq.x%3Bselect%3Dheaders%2Crequest_template&select=name",
    ]);
  });
});

Deno.test("the dashboard's server reads only with --read-only", async () => {
  await withDashboard(async (dashboard, asked) => {
    const headers = { [TOKEN_HEADER]: dashboard.token };
    for (const name of passedOn.CHANGES) {
      const { status } = await send(dashboard, `/rest/v1/rpc/${name}`, {
        method: "POST",
        headers,
        body: "{}",
      });
      assertEquals(status, 403, name);
    }
    assertEquals(asked, []);
    assertEquals((await send(dashboard, PROGRESS, { headers })).status, 200);
  }, true);
});

Deno.test("the secret key goes to the project with a User-Agent of its own, and nowhere else", async () => {
  await withDashboard(async (dashboard, asked) => {
    const token = { [TOKEN_HEADER]: dashboard.token };
    const answers = await Promise.all(
      ["/", "/dashboard.js", "/dashboard.css", PROGRESS, "/nowhere"].map(
        (path) =>
          send(dashboard, path, {
            headers: { ...token, "user-agent": "Mozilla/5.0" },
          }),
      ),
    );
    for (const answer of answers) {
      assert(!JSON.stringify(answer).includes(SECRET));
      assertMatch(
        String(answer.headers["content-security-policy"]),
        /default-src 'none'.*trusted-types 'none'/,
      );
      assertEquals(answer.headers["x-content-type-options"], "nosniff");
    }
    const [{ headers }] = asked;
    assertEquals(headers.get("apikey"), SECRET);
    assertEquals(headers.get("user-agent"), "prompt-pipeline-dashboard");
    assertEquals(headers.get(TOKEN_HEADER), null);
  });
});

Deno.test("the dashboard's server keeps no more of a body than it could pass on", async () => {
  await withDashboard(async ({ port }, asked) => {
    const sent = httpRequest({
      host: "127.0.0.1",
      port,
      path: "/rest/v1/rpc/browse_evaluations",
      method: "POST",
    });
    const part = "x".repeat(1_000_000);
    let parts = 0;
    const status = await new Promise<number | undefined>((resolve) => {
      const write = () => {
        if (++parts > 200) sent.end();
        else sent.write(part, () => setTimeout(write));
      };
      sent.on("response", ({ statusCode }) => {
        parts = Infinity;
        resolve(statusCode);
      });
      sent.on("error", () => resolve(undefined));
      write();
    });
    sent.destroy();
    assertEquals([status, asked], [413, []]);
  });
});
