/** A text without the passwords in the URLs of databases that it has. A password may have an `@`. */
export function hidePassword(text: string): string {
  return text.replaceAll(
    /(postgres(?:ql)?:\/\/[^:/@\s]*):\S*@/g,
    "$1:PASSWORD@",
  );
}
