import { useRef, useState } from "preact/hooks";
import type { Label } from "../data/answers.ts";
import { GRADE, graderName, mayGrade } from "../data/grader.ts";
import { callFunction } from "../data/project.ts";

/** Pass, fail and a remark on an answer, by keyboard; graded again it is replaced. */
export function Grade({ resultsTable, id, owner, labels, graded, next }: {
  resultsTable: string;
  id: number;
  /** Of the answer. */
  owner: string | null;
  labels: Label[];
  /** Called when it is stored. */
  graded: () => void;
  /** Goes on to the answer that follows. */
  next: () => void;
}) {
  const person = graderName();
  const own = labels.find((label) =>
    label.name === GRADE && label.person === person
  );
  const remark = useRef<HTMLInputElement>(null);
  const [problem, setProblem] = useState<string>();
  if (!mayGrade(owner)) return null;
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
        name: GRADE,
        person,
      });
      setProblem(undefined);
      graded();
      if (passed !== null && !stays) next();
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
