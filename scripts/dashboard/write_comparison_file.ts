import type { Connection } from "../project/connection.ts";
import { refuseRedirects } from "../project/refuse_redirects.ts";
import type { Sides } from "./browser/data/comparison.ts";
import { openProject } from "./browser/data/project.ts";
import { recordComparison } from "./browser/data/record_comparison.ts";
import { writeSingleFile } from "./browser/data/single_file.ts";
import type { Home } from "./browser/data/page_text.ts";
import { bundlePage } from "./bundle.ts";
import { USER_AGENT } from "./pass_on.ts";

/**
 * A comparison as one HTML file that needs no server: what the dashboard's button saves.
 *
 * @throws Error saying what the project said
 */
export async function writeComparisonFile(
  { url, secretKey }: Connection,
  sides: Sides,
): Promise<string> {
  const home: Home = { kind: "local", projectUrl: url, readOnly: true };
  openProject(home, url, () =>
    Promise.resolve({
      apikey: secretKey,
      authorization: `Bearer ${secretKey}`,
      "user-agent": USER_AGENT,
    }), refuseRedirects(fetch));
  const [files, recorded] = await Promise.all([
    bundlePage(home),
    recordComparison(sides),
  ]);
  const place = new URLSearchParams({
    baseline: sides.baseline,
    candidate: sides.candidate,
    ...sides.owner !== null && { owner: sides.owner },
  });
  return await writeSingleFile({
    script: files["dashboard.js"].text,
    style: files["dashboard.css"].text,
    place: `#/compare?${place}`,
    recorded,
  });
}
