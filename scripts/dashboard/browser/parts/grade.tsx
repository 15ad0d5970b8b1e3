import { useRef, useState } from "preact/hooks";
import type { Label } from "../data/answers.ts";
import { callFunction, project } from "../data/project.ts";

/** Whose grades are those of the local dashboard, which nobody signs in to. */
const PERSON = "dashboard";

/** Pass, fail and a remark on an answer, by keyboard; graded again it is replaced. */
export function Grade({ resultsTable, id, labels, graded, next }: {
  resultsTable: string;
  id: number;
  labels: Label[];
  /** Called when it is stored. */
  graded: () => void;
  /** Goes on to the answer that follows. */
  next?: () => void;
}) {
  const own = labels.find(({ person }) => person === PERSON);
  const remark = useRef<HTMLInputElement>(null);
  const [problem, setProblem] = useState<string>();
  if (project().home.readOnly) return null;
  async function grade(
    passed: boolean | null,
    { isClear = false, stays = false } = {},
  ): Promise<void> {
    try {
      await callFunction("grade_evaluation", {
        results_table: resultsTable,
        id,
        passed,
        remark: isClear ? null : remark.current!.value || null,
        person: PERSON,
      });
      setProblem(undefined);
      graded();
      if (passed !== null && !stays) next?.();
    } catch (error) {
      setProblem((error as Error).message);
    }
  }
  const choice = (words: string, letter: string, passed: boolean) => (
    <button
      type="button"
      data-key={letter}
      aria-pressed={own?.passed === passed}
      onClick={() => grade(passed)}
    >
      {words}
    </button>
  );
  return (
    <div class="actions" role="group" aria-label="Grade">
      {choice("✓ Pass", "1", true)}
      {choice("✗ Fail", "2", false)}
      <button
        type="button"
        data-key="0"
        onClick={() => grade(null, { isClear: true })}
      >
        Clear
      </button>
      <input
        key={id}
        ref={remark}
        data-key="r"
        aria-label="Remark"
        placeholder="Remark"
        defaultValue={own?.remark ?? ""}
        onChange={() => own && grade(own.passed, { stays: true })}
      />
      {problem && <span class="problem" role="alert">{problem}</span>}
    </div>
  );
}
