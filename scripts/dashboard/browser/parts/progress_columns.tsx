import type { Underway } from "../data/runs.ts";
import { toNumber } from "./formats.ts";
import { Progress } from "./progress.tsx";
import { Status } from "./status.tsx";
import { type Column, column, figure } from "./table.tsx";

/** How far a run or a sweep is: its status, what is done and how much of it failed. */
export function progressColumns(
  kind: "Run" | "Sweep",
): Record<
  "status" | "done" | "failed",
  Column<Pick<Underway, "id" | "status" | "done" | "answers" | "failed">>
> {
  return {
    status: column(
      "Status",
      "8rem",
      ({ status }) => <Status status={status} />,
    ),
    done: column("Done", "15rem", ({ id, done, answers, failed }) => (
      <Progress
        done={done}
        total={answers}
        failed={failed}
        label={`${kind} ${id}`}
      />
    )),
    failed: figure(
      "Failed",
      "5rem",
      ({ failed }) =>
        failed === 0 ? "0" : <b class="bad">{toNumber(failed)}</b>,
    ),
  };
}
