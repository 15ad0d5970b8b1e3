import { toStorageHeaders } from "../../supabase/functions/_shared/storage.ts";
import { createProjectClient } from "../project/create_client.ts";
import {
  asExpected,
  type HostedProject,
  otherwise,
  type Outcome,
} from "./hosted_project.ts";

const BUCKET = "pipeline-hosted-check";
const MEGABYTE = 1_000_000;

/** Reads an object of a type that is compressed on the way, whole and in part. */
export async function checkTags(project: HostedProject): Promise<Outcome> {
  const { storage } = createProjectClient(project, project.fetch);
  async function read(headers: Record<string, string>) {
    const response = await project.fetch(
      `${project.url}/storage/v1/object/${BUCKET}/t.json`,
      { headers: { ...toStorageHeaders(project.secretKey), ...headers } },
    );
    await response.body?.cancel();
    return { status: response.status, tag: response.headers.get("etag") ?? "" };
  }
  await storage.createBucket(BUCKET);
  try {
    const { error } = await storage.from(BUCKET).upload(
      "t.json",
      JSON.stringify("x".repeat(MEGABYTE)),
      { contentType: "application/json", upsert: true },
    );
    if (error) return otherwise(`an upload was refused: ${error.message}`);
    const compressed = await read({ "accept-encoding": "gzip" });
    const whole = await read({ "accept-encoding": "identity" });
    const part = await read({
      "accept-encoding": "identity",
      range: "bytes=1000-",
    });
    const words =
      `compressed ${compressed.tag}, whole ${whole.tag}, part ${part.tag} with ${part.status}`;
    const core = (tag: string) => tag.replace(/^W\//, "");
    return part.status === 206 && core(whole.tag) === core(part.tag)
      ? asExpected(words)
      : otherwise(words);
  } finally {
    await storage.emptyBucket(BUCKET);
    await storage.deleteBucket(BUCKET);
  }
}
