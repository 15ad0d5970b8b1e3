import { walkPage } from "../e2e/walk_page.ts";

[
  "docs/how-to/chat-table.md",
  "docs/how-to/compare-two-models.md",
  "docs/how-to/compare-prompts.md",
  "skills/prompt-pipeline/SKILL.md",
  "docs/agents.md",
].forEach(walkPage);
