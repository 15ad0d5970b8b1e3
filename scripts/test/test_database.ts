import { openStackFolder } from "../local/data_folder.ts";
import { startEmbeddedDatabase } from "../local/embedded_database.ts";

/** An empty database on a server of its own. */
export interface TestDatabase extends AsyncDisposable {
  /** As the role postgres. */
  url: string;
}

/** Starts a database that is gone when it is disposed of. */
export async function startTestDatabase(): Promise<TestDatabase> {
  await using cleanup = new AsyncDisposableStack();
  const folder = await openStackFolder();
  cleanup.defer(folder.release);
  const { url, stop } = await startEmbeddedDatabase({
    folder: folder.path,
    durable: false,
    port: 0,
    log: console.error,
  });
  cleanup.defer(stop);
  const running = cleanup.move();
  return { url, [Symbol.asyncDispose]: () => running.disposeAsync() };
}
