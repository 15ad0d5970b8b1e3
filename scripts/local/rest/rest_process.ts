/**
 * The process that plays PostgREST, Storage, Auth and Studio. The stack starts
 * it with its settings in the environment, see rest_server.ts.
 */
import { App } from "@supabase/lite";
import postgres, { type Sql } from "postgres";
import { reportToParent, sendReport } from "../child_process.ts";
import { surviveKilledServer } from "../killed_server.ts";
import { connectLikePostgrest } from "./database_connection.ts";
import { limitFileSize } from "./file_size_limit.ts";
import { answerWithRange, createObjectFiles } from "./object_files.ts";
import { answerListing } from "./object_listing.ts";
import { keepMetadata } from "./object_metadata.ts";
import { refuseObjectName } from "./object_names.ts";
import { readRestSettings } from "./rest_settings.ts";
import { nameSigningKey } from "./signing_key_name.ts";
import { fromLiteResponse, toLiteRequest } from "./storage_dialect.ts";
import { answerWithStudioAsset } from "./studio_assets.ts";

surviveKilledServer();
const settings = readRestSettings(Deno.env.toObject());
const connection = connectLikePostgrest(settings.databaseUrl);

function createApp(admin: boolean): App {
  const app = new App({
    connection,
    api: { schemas: ["public"], max_rows: settings.maxRows },
    auth: {
      enabled: true,
      jwt_secret: settings.jwtSecret,
      publishable_key: settings.publishableKey,
      secret_key: settings.secretKey,
      site_url: settings.siteUrl,
    },
    storage: { enabled: true, file_size_limit: "5GiB" },
    studio: { enabled: admin },
    // The history of migrations belongs to migrations.ts.
    db: { migrations: { enabled: false } },
    options: { server: { admin } },
  });
  app._storageAdapter = createObjectFiles(settings.objectFolder);
  return app;
}

const api = await createApp(false).init();
const studio = await createApp(true).init();

let listener: Sql | undefined;

/**
 * PostgREST reads the schema again when it is told to, and so does everyone who
 * changes it: an event trigger of the embedded database sends this.
 */
async function followSchema(): Promise<void> {
  await listener?.end({ timeout: 0 });
  listener = postgres(settings.databaseUrl, { max: 1, onnotice: () => {} });
  await listener.listen("pgrst", () => connection.clearSchemaCache());
  connection.clearSchemaCache();
}

await followSchema();
await connection.introspect({ useCache: true });

Deno.serve(
  {
    hostname: "127.0.0.1",
    port: settings.studioPort,
    onListen: () => {},
  },
  async (request, { remoteAddr }) =>
    await answerWithStudioAsset(request) ??
      await studio.fetch(request, { peerAddress: remoteAddr.hostname }),
);

Deno.serve({
  hostname: "127.0.0.1",
  port: 0,
  onListen: ({ port }) =>
    reportToParent(port, async () => {
      await followSchema();
      sendReport("renewed");
    }),
}, handle);

async function handle(request: Request): Promise<Response> {
  const [, service] = new URL(request.url).pathname.split("/");
  switch (service) {
    case "auth":
      return await nameSigningKey(await api.fetch(request), settings.jwtSecret);
    case "storage":
      return await refuseObjectName(request) ??
        await answerListing(request, connection, settings) ??
        await limitFileSize(
          request,
          settings.fileSizeLimit,
          async (request) =>
            await fromLiteResponse(request, await askLite(request)),
        );
    default:
      return await api.fetch(request);
  }
}

async function askLite(request: Request): Promise<Response> {
  const asked = await toLiteRequest(request);
  const { url, method, headers } = asked;
  const response = await answerWithRange(asked, (one) => api.fetch(one));
  await keepMetadata(
    new Request(url, { method, headers }),
    response,
    connection,
  );
  return response;
}
