import type { Screen } from "./screen.ts";
import { agreement } from "./screens/agreement.tsx";
import { answersOfExperiment, answersOfRun } from "./screens/answers.tsx";
import { archives } from "./screens/archives.tsx";
import { bucket } from "./screens/bucket.tsx";
import { compare } from "./screens/compare.tsx";
import { errors } from "./screens/errors.tsx";
import { experiments } from "./screens/experiments.tsx";
import { labelQueue } from "./screens/label_queue.tsx";
import { labels } from "./screens/labels.tsx";
import { newLabelQueue } from "./screens/new_label_queue.tsx";
import { newRun } from "./screens/new_run.tsx";
import { newWatch } from "./screens/new_watch.tsx";
import { projectState } from "./screens/project_state.tsx";
import { promptSet } from "./screens/prompt_set.tsx";
import { run } from "./screens/run.tsx";
import { runs } from "./screens/runs.tsx";
import { sweep } from "./screens/sweep.tsx";
import { sweeps } from "./screens/sweeps.tsx";
import { table } from "./screens/table.tsx";
import { tables } from "./screens/tables.tsx";
import { watch } from "./screens/watch.tsx";
import { watches } from "./screens/watches.tsx";

/**
 * All screens. A screen is added by its file in screens/ (a `Screen`: path, title and a component
 * that loads), the test beside it, and a line here; what it asks of the project stands in
 * ../passed_on.ts. Its parts: a component that loads by `useLoaded()` (data/use_loaded.ts), shown
 * through `Waiting`, and one that draws what was loaded and is tested alone. Choices are in the query of
 * the address (`withQuery()`, `Chips`), other screens are links (`to()`), keys are `data-key` of what
 * can be seen. Styles are classes of styles/; words of strangers go through `VisibleText`.
 */
export const SCREENS: Screen[] = [
  runs,
  run,
  answersOfRun,
  newRun,
  sweeps,
  sweep,
  watches,
  watch,
  newWatch,
  experiments,
  answersOfExperiment,
  compare,
  errors,
  tables,
  table,
  labels,
  newLabelQueue,
  labelQueue,
  agreement,
  archives,
  bucket,
  promptSet,
  projectState,
];
