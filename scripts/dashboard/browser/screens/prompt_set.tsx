import {
  PROMPTS_OF_A_PAGE,
  type PromptSet,
  readSetPrompts,
  readSets,
  type SetPrompt,
} from "../data/archives.ts";
import { allModels, readEndpoints } from "../data/endpoints.ts";
import { here, to } from "../data/here.ts";
import { project } from "../data/project.ts";
import { readPrompts } from "../data/prompts.ts";
import { useLoaded } from "../data/use_loaded.ts";
import { Chips } from "../parts/chips.tsx";
import { DryRun } from "../parts/dry_run.tsx";
import { toNumber } from "../parts/formats.ts";
import { NewRunLink } from "../parts/new_run_link.tsx";
import { Pages } from "../parts/pages.tsx";
import { type Column, column, figure, Table } from "../parts/table.tsx";
import { VisibleText } from "../parts/visible_text.tsx";
import { Waiting } from "../parts/waiting.tsx";
import type { Screen } from "../screen.ts";

/** What a version of a saved set holds; without version the newest. */
export const promptSet: Screen = {
  path: "archives/set/:set",
  title: ({ set }) => `Set ${set}`,
  body: ({ values: { set } }) => <Versions name={set} />,
};

function Versions(
  { name }: { name: string },
) {
  const { query } = here.value;
  const sets = useLoaded(
    JSON.stringify(["sets", name]),
    (signal) => readSets(name, signal),
  );
  return (
    <Waiting loaded={sets}>
      {(all) => {
        const versions = all.filter(({ owner }) =>
          owner === (query.owner ?? null)
        );
        const shown =
          versions.find(({ version }) => String(version) === query.version) ??
            versions[0];
        return shown
          ? <OneVersion shown={shown} versions={versions} />
          : <p class="empty">There is no such set.</p>;
      }}
    </Waiting>
  );
}

function OneVersion({ shown, versions }: {
  shown: PromptSet;
  versions: PromptSet[];
}) {
  const { query } = here.value;
  const { after } = query;
  const prompts = useLoaded(
    JSON.stringify(["prompts of a set", shown.id, after]),
    (signal) => readSetPrompts(shown.id, after, signal),
  );
  const endpoints = useLoaded("endpoints in use", readEndpoints);
  // Sets are asked by whom they belong to.
  const isOwn = (project().home.kind === "hosted") === (shown.owner !== null);
  const meant = {
    from: "set",
    set: shown.name,
    version: String(shown.version),
  };
  return (
    <>
      <p class="actions">
        {isOwn && <NewRunLink query={meant} words="New run with these" />}
        <a class="button" href={to(["archives"])}>Archives</a>
      </p>
      <Chips
        label="Version"
        name="version"
        choices={versions.map(({ version }) =>
          [String(version), String(version)] as const
        )}
        chosen={String(shown.version)}
      />
      <p>
        {toNumber(shown.prompts)} prompts
        {shown.description && (
          <>
            : <VisibleText text={shown.description} />
          </>
        )}
      </p>
      <Waiting loaded={prompts}>
        {(rows) => (
          <>
            <Table
              label="Prompts"
              columns={COLUMNS}
              rows={rows}
              rowKey={({ position }) => position}
              count={shown.prompts}
              first={rows.length > 0 ? rows[0].position - 1 : 0}
              empty="No more prompts."
            />
            <Pages
              next={rows.length === PROMPTS_OF_A_PAGE
                ? rows.at(-1)!.position
                : null}
              back="From the beginning"
              on={`Next ${PROMPTS_OF_A_PAGE}`}
            />
          </>
        )}
      </Waiting>
      {isOwn && (
        <DryRun
          prompts={readPrompts(meant)}
          called={allModels(endpoints.value ?? [])}
        />
      )}
    </>
  );
}

const COLUMNS: Column<SetPrompt>[] = [
  column("Prompt", "30rem", ({ text }) => text.slice(0, 600)),
  column(
    "Reference",
    "18rem",
    ({ reference }) => (reference ?? "–").slice(0, 600),
  ),
  figure(
    "Turns before",
    "7rem",
    ({ messages }) => toNumber(messages?.length ?? 0),
  ),
  column(
    "Metadata",
    "18rem",
    ({ metadata }) =>
      Object.keys(metadata ?? {}).length === 0
        ? "–"
        : JSON.stringify(metadata).slice(0, 600),
  ),
];
