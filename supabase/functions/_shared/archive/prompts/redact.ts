import { createHash } from "node:crypto";
import type { Redaction } from "../options.ts";

interface Rule {
  kind: Redaction;
  /** Bounded repetitions only: no text may make it slow. */
  pattern: RegExp;
  accepts?(found: string): boolean;
}

// In this order: what an earlier rule replaced is not looked at by a later one.
const RULES: Rule[] = [
  {
    kind: "key",
    pattern: new RegExp(
      [
        // Prefixes that vendors document for their keys.
        String.raw`\b(?:sk|xai|pplx|glpat|pypi)-[\w-]{16,200}`,
        String.raw`\b(?:sk|pk|rk)_(?:live|test)_\w{10,200}`,
        String
          .raw`\b(?:sb_secret|sb_publishable|sbp|gh[pousr]|github_pat|hf|gsk|r8|npm|whsec|dop_v1|shpat)_[\w-]{16,255}`,
        String.raw`\bxox[abeprs]-[\w-]{10,200}`,
        String.raw`\b(?:AKIA|ASIA)[A-Z0-9]{16}\b`,
        String.raw`\bAIza[\w-]{30,50}`,
        String.raw`\bSG\.[\w-]{16,80}\.[\w-]{16,80}`,
        // JSON web tokens, and private keys in PEM.
        String.raw`\beyJ[\w-]{10,2000}\.[\w-]{10,4000}\.[\w-]{10,1000}`,
        String
          .raw`-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[A-Za-z0-9+/=\s]{1,8000}-----END [A-Z ]{0,30}PRIVATE KEY-----`,
      ].join("|"),
      "g",
    ),
    // Words joined by hyphens look like a key, but have no digit.
    accepts: (found) => /\d/.test(found),
  },
  {
    kind: "email",
    pattern:
      /[A-Za-z0-9_%+-](?:[A-Za-z0-9._%+-]{0,63})@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,190})\.[A-Za-z]{2,24}\b/g,
  },
  {
    kind: "iban",
    pattern: /\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b/g,
    accepts: isIban,
  },
  {
    kind: "card",
    pattern: /(?<![\d.+])\d(?:[ -]?\d){12,18}(?![\d.]?\d)/g,
    accepts: isCard,
  },
  {
    kind: "ip",
    pattern:
      /(?<![\d.])(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?![\d]|\.\d)|(?<![0-9A-Za-z:])(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{0,4}(?![0-9A-Za-z:])/g,
    accepts: isAddress,
  },
  {
    kind: "phone",
    pattern:
      /(?<![\w.@/#-])(?:\+|00)[1-9](?:[ ().\/-]{0,2}\d){6,14}(?![\w-])|(?<![\w.@/#-])\(?0\d{1,4}\)?(?:[ .\/-]{0,2}\d){5,10}(?![\w-])|(?<![\w.@/#-])(?:1[ .-])?\(?[2-9]\d{2}\)?[ .-]\d{3}[ .-]\d{4}(?![\w-])|(?<![\w.@/#-])1[3-9]\d{9}(?![\w-])/g,
    accepts: isPhone,
  },
];

/** Replaces personal data and keys in texts, and counts what it replaced. */
export interface Redactor {
  redact(text: string): string;
  /** Occurrences replaced so far, by kind. */
  readonly counts: Partial<Record<Redaction, number>>;
}

/**
 * Builds a redactor for these kinds. A value becomes `[EMAIL_1f3a9c]`: the same value has the same
 * placeholder in every archive, so that a conversation stays readable. The six characters are a hash
 * and not a secret: of phone numbers and addresses they leave a few hundred candidates.
 */
export function createRedactor(kinds: readonly Redaction[]): Redactor {
  const rules = RULES.filter(({ kind }) => kinds.includes(kind));
  const counts: Partial<Record<Redaction, number>> = {};
  return {
    counts,
    redact(text) {
      let rest = text;
      for (const { kind, pattern, accepts } of rules) {
        rest = rest.replace(pattern, (found) => {
          if (accepts !== undefined && !accepts(found)) return found;
          counts[kind] = (counts[kind] ?? 0) + 1;
          return placeholder(kind, found);
        });
      }
      return rest;
    },
  };
}

function placeholder(kind: Redaction, found: string): string {
  const plain = kind === "key"
    ? found
    : found.toLowerCase().replace(/[\s()./-]/g, "");
  const value = kind === "email" || kind === "ip" ? found.toLowerCase() : plain;
  const digits = createHash("sha256").update(`${kind}\0${value}`).digest("hex");
  return `[${kind.toUpperCase()}_${digits.slice(0, 6)}]`;
}

/** ISO/IEC 7812-1, annex B (Luhn), and a length that card numbers have. */
function isCard(found: string): boolean {
  const digits = found.replace(/\D/g, "");
  if (digits.length < 13 || digits.length > 19 || /^(\d)\1*$/.test(digits)) {
    return false;
  }
  let sum = 0;
  for (let index = 0; index < digits.length; index++) {
    let digit = Number(digits[digits.length - 1 - index]);
    if (index % 2 === 1) digit = digit > 4 ? 2 * digit - 9 : 2 * digit;
    sum += digit;
  }
  return sum % 10 === 0;
}

/** ISO 13616: the letters as numbers, the first four characters last, remainder 1 modulo 97. */
function isIban(found: string): boolean {
  const compact = found.replace(/ /g, "");
  if (compact.length < 15 || compact.length > 34) return false;
  let remainder = 0;
  for (const character of compact.slice(4) + compact.slice(0, 4)) {
    const value = parseInt(character, 36);
    remainder = (remainder * (value > 9 ? 100 : 10) + value) % 97;
  }
  return remainder === 1;
}

function isAddress(found: string): boolean {
  if (!found.includes(":")) return true;
  const groups = found.split(":");
  const filled = groups.filter((group) => group !== "").length;
  // "10:30:00" is a time of day and `a::b` a name in C++: eight groups, or a gap and digits, make an
  // address.
  return groups.length === 8 && filled === 8 ||
    (filled >= 2 && /\d/.test(found) && found.split("::").length === 2);
}

function isPhone(found: string): boolean {
  const digits = found.replace(/\D/g, "");
  // 01.02.2024 and 09/11/2001 are days.
  const isDay = /^\d{1,2}[./ -]\d{1,2}[./ -]\d{2,4}$/.test(found);
  return digits.length >= 7 && digits.length <= 15 && !isDay;
}
