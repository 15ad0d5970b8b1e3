import {
  folderOf,
  readFolder,
  type Stored,
  STORED_OF_A_PAGE,
} from "../data/archives.ts";
import { allModels, readEndpoints } from "../data/endpoints.ts";
import { here, to, withQuery } from "../data/here.ts";
import { pickPrompts, readPrompts } from "../data/prompts.ts";
import { useLoaded } from "../data/use_loaded.ts";
import { attempt } from "../data/written.ts";
import { Age } from "../parts/age.tsx";
import { DryRun } from "../parts/dry_run.tsx";
import { toBytes } from "../parts/formats.ts";
import { NewRunLink } from "../parts/new_run_link.tsx";
import { Pages } from "../parts/pages.tsx";
import { ChosenPrompts } from "../parts/prompt_fields.tsx";
import { type Column, column, figure, Table } from "../parts/table.tsx";
import { VisibleText } from "../parts/visible_text.tsx";
import { Waiting } from "../parts/waiting.tsx";
import type { Screen } from "../screen.ts";

/** What a bucket holds, folder by folder, and which prompts a folder or file would give. */
export const bucket: Screen = {
  path: "archives/bucket/:bucket",
  title: ({ bucket }) => `Bucket ${bucket}`,
  body: ({ values: { bucket } }) => <Folder bucket={bucket} />,
};

function Folder(
  { bucket }: { bucket: string },
) {
  const { query } = here.value;
  const { prefix = "", after = "0" } = query;
  const folder = folderOf(prefix);
  const loaded = useLoaded(
    JSON.stringify(["folder", bucket, folder, after]),
    (signal) => readFolder(bucket, folder, Number(after), signal),
  );
  const endpoints = useLoaded("endpoints in use", readEndpoints);
  const meant = { ...pickPrompts(query), from: "archive", bucket };
  const { read: prompts, refusal } = attempt(() => readPrompts(meant));
  return (
    <>
      <p class="actions">
        <NewRunLink query={meant} words="New run with these" />
        <a class="button" href={to(["archives"])}>Archives</a>
      </p>
      <Path bucket={bucket} prefix={prefix} />
      <Waiting loaded={loaded}>
        {({ rows, next }) => (
          <>
            <Table
              label="Files"
              columns={COLUMNS}
              rows={rows}
              rowKey={({ path }) => path}
              href={({ path }) => toPlace(path)}
              isOpen={({ path }) => path === prefix}
              empty="Nothing is here."
            />
            <Pages
              next={next}
              back="From the beginning"
              on={`Next ${STORED_OF_A_PAGE}`}
            />
          </>
        )}
      </Waiting>
      <ChosenPrompts refusal={refusal} />
      {prompts && (
        <DryRun prompts={prompts} called={allModels(endpoints.value ?? [])} />
      )}
    </>
  );
}

function toPlace(prefix: string | undefined): string {
  return withQuery({ prefix, after: undefined, dry: undefined });
}

/** Where one is in the bucket, each step a link. */
function Path({ bucket, prefix }: { bucket: string; prefix: string }) {
  const steps = prefix.match(/[^/]*\/|[^/]+$/g) ?? [];
  return (
    <nav class="path" aria-label="Path">
      <a href={toPlace(undefined)}>
        <VisibleText text={bucket} />
      </a>
      {steps.map((step, place) => (
        <span key={place}>
          {" / "}
          <a
            href={toPlace(steps.slice(0, place + 1).join(""))}
            aria-current={place === steps.length - 1 ? "location" : undefined}
          >
            <VisibleText text={step.replace(/\/$/, "")} />
          </a>
        </span>
      ))}
    </nav>
  );
}

const COLUMNS: Column<Stored>[] = [
  column(
    "Name",
    "26rem",
    ({ path }) => path.slice(folderOf(path.slice(0, -1)).length),
  ),
  figure("Size", "7rem", ({ size }) => toBytes(size)),
  column("Changed, ago", "8rem", ({ updated_at }) => <Age at={updated_at} />),
];
