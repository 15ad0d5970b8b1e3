import {
  type Bucket,
  type PromptSet,
  readBuckets,
  readSets,
} from "../data/archives.ts";
import { to } from "../data/here.ts";
import { useLoaded } from "../data/use_loaded.ts";
import { Age } from "../parts/age.tsx";
import { toNumber } from "../parts/formats.ts";
import { type Column, Table } from "../parts/table.tsx";
import { VisibleText } from "../parts/visible_text.tsx";
import { Waiting } from "../parts/waiting.tsx";
import type { Screen } from "../screen.ts";

/** Where prompts can come from: buckets of Storage and saved sets. */
export const archives: Screen = {
  path: "archives",
  title: () => "Archives",
  nav: { label: "Archives", key: "a" },
  body: Archives,
};

function Archives() {
  const buckets = useLoaded("buckets", readBuckets);
  const sets = useLoaded("sets", (signal) => readSets(undefined, signal));
  return (
    <>
      <h2>Buckets</h2>
      <Waiting loaded={buckets}>
        {(rows) => (
          <Table
            label="Buckets"
            columns={BUCKET_COLUMNS}
            rows={rows}
            rowKey={({ name }) => name}
            href={({ name }) => to(["archives", "bucket", name])}
            empty={
              <>
                No bucket that you may see. Files are brought there by{" "}
                <code>deno task pipeline upload FOLDER BUCKET</code>
              </>
            }
          />
        )}
      </Waiting>
      <h2>Sets of prompts</h2>
      <Waiting loaded={sets}>
        {(rows) => (
          <SetTable
            sets={rows}
            empty={
              <>
                No set yet. One is saved by{" "}
                <code>deno task pipeline set save NAME run:7</code>
              </>
            }
          />
        )}
      </Waiting>
    </>
  );
}

const BUCKET_COLUMNS: Column<Bucket>[] = [
  {
    head: "Bucket",
    width: "20rem",
    cell: ({ name }) => <VisibleText text={name} />,
  },
  {
    head: "Open to",
    width: "8rem",
    cell: (bucket) => bucket.public ? "everybody" : "its policies",
  },
  {
    head: "Age",
    width: "7rem",
    cell: ({ created_at }) => <Age at={created_at} />,
  },
];

const SET_COLUMNS: Column<PromptSet>[] = [
  {
    head: "Set",
    width: "20rem",
    cell: ({ name }) => <VisibleText text={name} />,
  },
  {
    head: "Version",
    width: "6rem",
    isNumber: true,
    cell: ({ version }) => toNumber(version),
  },
  {
    head: "Prompts",
    width: "7rem",
    isNumber: true,
    cell: ({ prompts }) => toNumber(prompts),
  },
  {
    head: "Age",
    width: "7rem",
    cell: ({ created_at }) => <Age at={created_at} />,
  },
  {
    head: "About",
    width: "28rem",
    cell: ({ description }) => <VisibleText text={description ?? ""} />,
  },
];

/** Versions of sets as rows. */
export function SetTable({ sets, empty }: {
  sets: PromptSet[];
  empty?: preact.ComponentChildren;
}) {
  return (
    <Table
      label="Sets of prompts"
      columns={SET_COLUMNS}
      rows={sets}
      rowKey={({ id }) => id}
      href={({ name, version, owner }) =>
        to(["archives", "set", name], {
          version: String(version),
          owner: owner ?? undefined,
        })}
      empty={empty}
    />
  );
}
