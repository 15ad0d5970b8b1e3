import { isObject, type Json } from "../json.ts";
import { acp } from "./acp.ts";
import { agno } from "./agno.ts";
import { aiStudio } from "./ai_studio.ts";
import { alpaca } from "./alpaca.ts";
import { amazonQ, kiro } from "./amazon_q.ts";
import { anthropicMessages } from "./anthropic_messages.ts";
import { antigravity } from "./antigravity.ts";
import { assistantsThread, assistantsThreadList } from "./assistants_thread.ts";
import { autogenChat, autogenMessages, autogenRun } from "./autogen.ts";
import { bareMessageLists, bareMessages } from "./bare_messages.ts";
import { bedrockBatch } from "./bedrock_batch.ts";
import { bedrockLog } from "./bedrock_log.ts";
import { botFramework, copilotStudio } from "./bot_framework.ts";
import { botpress } from "./botpress.ts";
import { braintrust } from "./braintrust.ts";
import { helicone, heliconeWithoutBodies, litellm } from "./call_logs.ts";
import { chatbotUi } from "./chatbot_ui.ts";
import { chatgpt } from "./chatgpt.ts";
import { cherryStudio } from "./cherry_studio.ts";
import { claudeAi } from "./claude_ai.ts";
import { claudeCode, claudeCodeHistory, claudeCodeLog } from "./claude_code.ts";
import { cline, clineHistory } from "./cline.ts";
import { codex, codexHistory } from "./codex.ts";
import { completionRequests } from "./completion_requests.ts";
import { cohere } from "./cohere.ts";
import { continueDev } from "./continue_dev.ts";
import { conversationField } from "./conversation_field.ts";
import { conversationItems } from "./conversation_items.ts";
import { conversationList } from "./conversation_list.ts";
import { copilotCli, copilotCliHistory } from "./copilot_cli.ts";
import { cursorChats, cursorRows, cursorTranscript } from "./cursor.ts";
import { deepeval } from "./deepeval.ts";
import { deepseek } from "./deepseek.ts";
import { deepseekCli } from "./deepseek_cli.ts";
import { dify, difyRows } from "./dify.ts";
import { flowise } from "./flowise.ts";
import type { ArchiveFormat } from "./format.ts";
import { geminiApi } from "./gemini_api.ts";
import {
  geminiCli,
  geminiCliCheckpoint,
  geminiCliHistory,
  geminiCliLines,
  geminiCliLogs,
} from "./gemini_cli.ts";
import { goose } from "./goose.ts";
import { grok } from "./grok.ts";
import { grokCli } from "./grok_cli.ts";
import { hermes, hermesLines } from "./hermes.ts";
import { inspectAi } from "./inspect_ai.ts";
import { kimiCli } from "./kimi_cli.ts";
import { langfuse, langfuseRows } from "./langfuse.ts";
import { langgraphHistory, langgraphStates } from "./langgraph.ts";
import { langsmith, langsmithRuns } from "./langsmith.ts";
import { librechat } from "./librechat.ts";
import { llamaIndex } from "./llama_index.ts";
import { lmEval } from "./lm_eval.ts";
import { lmStudio } from "./lm_studio.ts";
import { lobechat } from "./lobechat.ts";
import { messageRows } from "./message_rows.ts";
import { microsoftCopilot } from "./microsoft_copilot.ts";
import { microsoft365, microsoft365List } from "./microsoft_365.ts";
import { mtBench } from "./mt_bench.ts";
import { nextchat } from "./nextchat.ts";
import { oasstRows, oasstTrees } from "./oasst.ts";
import { openWebui } from "./open_webui.ts";
import {
  openaiEvalsItems,
  openaiEvalsLog,
  openaiEvalsOutput,
} from "./openai_evals.ts";
import { openaiMessages } from "./openai_messages.ts";
import { openaiResponses } from "./openai_responses.ts";
import { opencode, opencodeMessages, opencodeStorage } from "./opencode.ts";
import { openhands, openhandsRun } from "./openhands.ts";
import { opentelemetry } from "./opentelemetry.ts";
import { perplexityEntries, perplexityThread } from "./perplexity.ts";
import { droid, pi } from "./pi_sessions.ts";
import { preferencePairs } from "./preference_pairs.ts";
import { promptfoo } from "./promptfoo.ts";
import { pydanticAi, pydanticAiHistory } from "./pydantic_ai.ts";
import { qwenCode } from "./qwen_code.ts";
import { rasa, rasaEvents } from "./rasa.ts";
import { discord, slack, telegram } from "./refused.ts";
import { sharegpt } from "./sharegpt.ts";
import { sillytavern } from "./sillytavern.ts";
import { miniSweAgent, miniSweAgentMessages, sweAgent } from "./swe_agent.ts";
import { takeoutGemini, takeoutOther } from "./takeout_gemini.ts";
import { textPairs } from "./text_pairs.ts";
import { tracedCalls } from "./traced_calls.ts";
import { typingmind } from "./typingmind.ts";
import { ultrachat } from "./ultrachat.ts";
import { vscodeCopilot, vscodeCopilotLog } from "./vscode_copilot.ts";
import { zed, zedTextThread } from "./zed.ts";

/** Every format, the most specific first: where two match, the earlier one reads the record. */
export const formats: readonly ArchiveFormat[] = [
  slack,
  discord,
  telegram,
  deepseek,
  chatgpt,
  claudeAi,
  openWebui,
  aiStudio,
  takeoutGemini,
  takeoutOther,
  grok,
  preferencePairs,
  perplexityThread,
  perplexityEntries,
  sharegpt,
  librechat,
  chatbotUi,
  cherryStudio,
  continueDev,
  typingmind,
  nextchat,
  lobechat,
  vscodeCopilot,
  vscodeCopilotLog,
  microsoftCopilot,
  lmStudio,
  sillytavern,
  zed,
  zedTextThread,
  amazonQ,
  kiro,
  sweAgent,
  miniSweAgent,
  miniSweAgentMessages,
  openhands,
  openhandsRun,
  acp,
  codex,
  claudeCodeLog,
  qwenCode,
  claudeCode,
  geminiCli,
  geminiCliLogs,
  geminiCliLines,
  geminiCliCheckpoint,
  geminiCliHistory,
  antigravity,
  droid,
  deepseekCli,
  pi,
  copilotCli,
  copilotCliHistory,
  kimiCli,
  cline,
  clineHistory,
  langgraphStates,
  langgraphHistory,
  autogenRun,
  autogenMessages,
  autogenChat,
  langfuse,
  langfuseRows,
  langsmith,
  langsmithRuns,
  opentelemetry,
  tracedCalls,
  litellm,
  helicone,
  heliconeWithoutBodies,
  bedrockLog,
  bedrockBatch,
  completionRequests,
  openaiEvalsLog,
  openaiEvalsOutput,
  openaiEvalsItems,
  promptfoo,
  inspectAi,
  lmEval,
  braintrust,
  deepeval,
  microsoft365,
  microsoft365List,
  cohere,
  botFramework,
  copilotStudio,
  rasa,
  rasaEvents,
  dify,
  difyRows,
  flowise,
  botpress,
  oasstTrees,
  oasstRows,
  hermes,
  hermesLines,
  opencode,
  opencodeMessages,
  opencodeStorage,
  cursorChats,
  cursorRows,
  cursorTranscript,
  goose,
  grokCli,
  assistantsThreadList,
  assistantsThread,
  conversationItems,
  pydanticAiHistory,
  pydanticAi,
  claudeCodeHistory,
  codexHistory,
  conversationField,
  alpaca,
  mtBench,
  ultrachat,
  geminiApi,
  anthropicMessages,
  openaiMessages,
  openaiResponses,
  conversationList,
  agno,
  llamaIndex,
  messageRows,
  bareMessageLists,
  bareMessages,
  textPairs,
];

/**
 * The format of a file by several of its records, because the first may be a header, a broken one
 * or of another shape; undefined when none is known.
 */
export function formatOf(records: readonly Json[]): ArchiveFormat | undefined {
  const matching = formats.filter((format) =>
    records.some((record) => format.matches(record))
  );
  // One foreign record does not make a file foreign: it is refused when it is read.
  return matching.find((format) =>
    format.kind !== "refused" || format.matches(records[0])
  ) ?? matching[0];
}

/** The keys of a record that no format knows, for the error that names them. */
export function describeShape(record: Json): string {
  if (Array.isArray(record)) return "a list";
  if (!isObject(record)) return record === null ? "null" : `a ${typeof record}`;
  const keys = Object.keys(record);
  const shown = keys.slice(0, 12)
    .map((key) => key.length > 40 ? `${key.slice(0, 40)}…` : key).join(", ");
  return keys.length === 0
    ? "an object without keys"
    : `an object with the keys ${shown}${keys.length > 12 ? ", …" : ""}`;
}
