/** The SQL script of an installation, for teams without a folder of migrations. */
export function installFileName(version: string): string {
  return `prompt-pipeline-${version}.sql`;
}

/** The SQL script of an upgrade. */
export function upgradeFileName(from: string, to: string): string {
  return `prompt-pipeline-${from}-to-${to}.sql`;
}
