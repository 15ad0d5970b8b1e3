import { isObject, type JsonObject } from "../json.ts";
import { leaveOut } from "../left_out.ts";
import { conversationFormat } from "./format.ts";
import { loggedAnswer, loggedCall, loggedTurns } from "./logged_input.ts";

/**
 * Bedrock's batches: `{recordId, modelInput, modelOutput}`, input files without `modelOutput`. The bodies
 * are those of the provider (Anthropic, Nova, Titan, Llama, Mistral, Cohere) or of the Converse API.
 * docs.aws.amazon.com/bedrock/latest/userguide/batch-inference-data.html.
 */
export const bedrockBatch = conversationFormat({
  name: "bedrock_batch",
  matches: ({ modelInput, recordId, modelOutput, modelId }) =>
    isObject(modelInput) &&
    (recordId !== undefined || modelOutput !== undefined ||
      modelId !== undefined || loggedTurns(modelInput).length > 0),
  read: (record) => {
    const { modelInput, modelOutput } = record;
    if (isEmbedding(record)) {
      leaveOut("modelInput", record, { modelInput: "a text to embed" });
      return [];
    }
    return [{
      id: record.recordId,
      model: record.modelId,
      isCall: true,
      turns: loggedCall(loggedTurns(modelInput), loggedAnswer(modelOutput), {}),
    }];
  },
});

function isEmbedding({ modelInput, modelOutput }: JsonObject): boolean {
  const keys = [modelInput, modelOutput].filter(isObject)
    .flatMap((body) => Object.keys(body));
  return keys.some((key) =>
    /^(?:embedding|dimensions$|normalize$|input_type$|texts$)/i.test(key)
  );
}
