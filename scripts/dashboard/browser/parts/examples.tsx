import type { DryRunSummary } from "../../../../supabase/functions/_shared/operations/dry_run.ts";
import { VisibleText } from "./visible_text.tsx";

/** The first prompts as they would be asked, each with the answer that it had. */
export function Examples(
  { summary: { examples, exampleReferences } }: {
    summary: Pick<DryRunSummary, "examples" | "exampleReferences">;
  },
) {
  return (
    <ul class="reasons">
      {examples.map((text, place) => {
        const reference = exampleReferences[place];
        return (
          <li key={place}>
            <div class="prose cut">
              <VisibleText text={text} />
            </div>
            {reference !== null && (
              <div class="prose cut answered">
                <VisibleText text={reference} />
              </div>
            )}
          </li>
        );
      })}
    </ul>
  );
}
