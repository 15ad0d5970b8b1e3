/**
 * The form in which texts are compared: Unicode NFC, line ends as \n, and, where asked, without
 * white space at both ends and in lower case.
 */
export function toComparable(
  text: string,
  { ignoreCase, trim = false }: { ignoreCase: boolean; trim?: boolean },
): string {
  let result = text.normalize("NFC");
  if (result.includes("\r")) result = result.replace(/\r\n?/g, "\n");
  if (trim) result = result.trim();
  return ignoreCase ? result.toLowerCase() : result;
}
