import type { ArchiveErrorCode } from "../archive_error.ts";

/** Thrown where compressed bytes cannot be expanded further; what came before was given out. */
export class BrokenContainer extends Error {
  override readonly name = "BrokenContainer";
  readonly code: ArchiveErrorCode;

  constructor(
    code: ArchiveErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.code = code;
  }
}
