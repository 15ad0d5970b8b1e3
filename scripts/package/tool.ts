export * from "../tool.ts";
