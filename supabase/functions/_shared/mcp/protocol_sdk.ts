/**
 * What is used of the SDK, in a file that is only imported when an agent asks: it is half as large as
 * all else together. A bundle keeps it apart, too.
 */
export {
  createMcpHandler,
  localhostAllowedOrigins,
  originValidationResponse,
  ProtocolError,
  ProtocolErrorCode,
  ResourceNotFoundError,
  Server,
} from "@modelcontextprotocol/server";
