import { dataOf, project } from "../data/project.ts";
import { useLoaded } from "../data/use_loaded.ts";
import { Waiting } from "../parts/waiting.tsx";
import type { Screen } from "../screen.ts";

/** Whether the project works: what doctor says, endpoints, workers, webhooks. */
export const projectState: Screen = {
  path: "project",
  title: () => "Project",
  nav: { label: "Project", key: "p" },
  body: ProjectState,
};

function ProjectState() {
  const loaded = useLoaded(
    "project",
    async () => dataOf(await project().rest.rpc("pipeline_inspect_project")),
    () => 10_000,
  );
  return (
    <Waiting loaded={loaded}>
      {(state) => <pre>{JSON.stringify(state, null, 2)}</pre>}
    </Waiting>
  );
}
