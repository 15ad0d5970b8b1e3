import { walkPage } from "./walk_page.ts";

[
  "docs/how-to/nightly-run.md",
  "docs/how-to/gate-in-ci.md",
  "docs/how-to/sweep.md",
  "docs/how-to/import-chatgpt-export.md",
  "docs/how-to/keys-in-vault.md",
  "docs/how-to/custom-endpoint.md",
  "docs/hosted.md",
].forEach(walkPage);
