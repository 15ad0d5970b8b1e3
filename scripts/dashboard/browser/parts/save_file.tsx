import { useState } from "preact/hooks";
import type { Sides } from "../data/comparison.ts";
import { project } from "../data/project.ts";
import { recordComparison } from "../data/record_comparison.ts";
import { writeSingleFile } from "../data/single_file.ts";

/** Saves a comparison as one HTML file, to be sent to somebody without a key. */
export function SaveFile({ sides }: { sides: Sides }) {
  const [isSaving, setIsSaving] = useState(false);
  const [problem, setProblem] = useState<string>();
  if (project().home.kind === "file") return null;
  async function save(): Promise<void> {
    setIsSaving(true);
    setProblem(undefined);
    try {
      const [script, style, recorded] = await Promise.all([
        readOwn("dashboard.js"),
        readOwn("dashboard.css"),
        recordComparison(sides),
      ]);
      const text = await writeSingleFile({
        script,
        style,
        recorded,
        place: location.hash,
      });
      download(`${sides.candidate} against ${sides.baseline}.html`, text);
    } catch (error) {
      setProblem((error as Error).message);
    } finally {
      setIsSaving(false);
    }
  }
  return (
    <>
      <button type="button" data-key="s" onClick={save} disabled={isSaving}>
        Save as a file
      </button>
      {isSaving && <span class="hint" role="status">Collecting …</span>}
      {problem && <span class="problem" role="alert">{problem}</span>}
    </>
  );
}

async function readOwn(name: string): Promise<string> {
  return await (await fetch(name)).text();
}

function download(name: string, text: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/html" }));
  link.download = name.replaceAll(/[\\/:*?"<>|\p{C}]/gu, "_");
  link.click();
  URL.revokeObjectURL(link.href);
}
