import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { project } from "../data/project.ts";

/** Whether rows of all tables are three lines high instead of one: a taste of the reader, and no place. */
export const rowsAreTall = signal(false);

const KEPT = "dashboard tall rows";

/** Makes rows higher and lower. The browser remembers it; a file keeps nothing. */
export function RowHeight() {
  const keeps = project().home.kind !== "file";
  useEffect(() => {
    if (keeps) rowsAreTall.value = localStorage.getItem(KEPT) === "1";
  }, []);
  function turn(): void {
    rowsAreTall.value = !rowsAreTall.value;
    if (keeps) localStorage.setItem(KEPT, rowsAreTall.value ? "1" : "");
  }
  return (
    <button
      type="button"
      class="quiet"
      onClick={turn}
      aria-pressed={rowsAreTall.value}
      data-key="e"
    >
      Tall rows
    </button>
  );
}
