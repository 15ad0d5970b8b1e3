import { toNumber } from "./formats.ts";
import { Progress } from "./progress.tsx";
import { Status } from "./status.tsx";
import type { Column } from "./table.tsx";

/** What a run and a sweep have alike. */
interface Underway {
  id: number;
  status: string;
  done: number;
  answers: number;
  failed: number;
}

/** How far a run or a sweep is: its status, what is done and how much of it failed. */
export function progressColumns(
  kind: "Run" | "Sweep",
): Record<"status" | "done" | "failed", Column<Underway>> {
  return {
    status: {
      head: "Status",
      width: "8rem",
      cell: ({ status }) => <Status status={status} />,
    },
    done: {
      head: "Done",
      width: "14rem",
      cell: ({ id, done, answers, failed }) => (
        <Progress
          done={done}
          total={answers}
          failed={failed}
          label={`${kind} ${id}`}
        />
      ),
    },
    failed: {
      head: "Failed",
      width: "5rem",
      isNumber: true,
      cell: ({ failed }) =>
        failed === 0 ? "0" : <b class="bad">{toNumber(failed)}</b>,
    },
  };
}
