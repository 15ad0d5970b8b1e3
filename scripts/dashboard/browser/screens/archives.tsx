import {
  type Bucket,
  type PromptSet,
  readBuckets,
  readSets,
  toSet,
} from "../data/archives.ts";
import { to } from "../data/here.ts";
import { useLoaded } from "../data/use_loaded.ts";
import { Age } from "../parts/age.tsx";
import { toNumber } from "../parts/formats.ts";
import { type Column, column, figure, Table } from "../parts/table.tsx";
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
          <Table
            label="Sets of prompts"
            columns={SET_COLUMNS}
            rows={rows}
            rowKey={({ id }) => id}
            href={toSet}
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
  column("Bucket", "20rem", ({ name }) => name),
  column(
    "Open to",
    "8rem",
    (bucket) => bucket.public ? "everybody" : "its policies",
  ),
  column("Age", "7rem", ({ created_at }) => <Age at={created_at} />),
];

const SET_COLUMNS: Column<PromptSet>[] = [
  column("Set", "20rem", ({ name }) => name),
  figure("Version", "6rem", ({ version }) => toNumber(version)),
  figure("Prompts", "7rem", ({ prompts }) => toNumber(prompts)),
  column("Age", "7rem", ({ created_at }) => <Age at={created_at} />),
  column("About", "28rem", ({ description }) => description ?? ""),
];
