/** The same script for somebody who runs it by hand: all of it or nothing. */
export function inOneTransaction(script: string): string {
  return `begin;\n\n${script}\ncommit;\n`;
}
