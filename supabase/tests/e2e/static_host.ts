import { join } from "node:path";
import type { Page } from "playwright-core";
import { writeDashboard } from "../../../scripts/dashboard/write_files.ts";
import type { Project } from "./project.ts";

/** A dashboard on a static host. */
export interface HostedDashboard extends AsyncDisposable {
  url: string;
  folder: string;
}

/** Writes the dashboard of a project into a folder and serves it as any static host does. */
export async function hostDashboard(
  project: Project,
): Promise<HostedDashboard> {
  const folder = await Deno.makeTempDir();
  await writeDashboard(folder, {
    projectUrl: project.url,
    key: project.publishableKey,
  });
  const server = serveFolder(folder);
  return {
    url: `http://127.0.0.1:${server.addr.port}/team/`,
    folder,
    async [Symbol.asyncDispose]() {
      await server.shutdown();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

/** Serves a folder as any static host does. */
function serveFolder(folder: string): Deno.HttpServer<Deno.NetAddr> {
  const types: Record<string, string> = {
    html: "text/html",
    js: "text/javascript",
    css: "text/css",
  };
  return Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen() {} },
    async (request) => {
      const { pathname } = new URL(request.url);
      const name = pathname === "/team/"
        ? "index.html"
        : pathname.replace("/team/", "");
      try {
        return new Response(await Deno.readFile(join(folder, name)), {
          headers: { "content-type": types[name.split(".").at(-1)!] },
        });
      } catch {
        return new Response(null, { status: 404 });
      }
    },
  );
}

/** Signs a page in with claims of its own, which the local Auth puts into no token. */
export async function signIn(
  page: Page,
  project: Project,
  user: string,
  pipeline: string[],
): Promise<void> {
  const access_token = await project.createUserToken(
    user,
    { app_metadata: { pipeline } },
  );
  await page.evaluate(
    ([name, text]) => localStorage.setItem(name, text),
    [
      `dashboard session of ${project.url}`,
      JSON.stringify({
        access_token,
        refresh_token: "none",
        expires_at: Date.now() / 1_000 + 3_600,
        user: {},
      }),
    ],
  );
  await page.reload();
}
