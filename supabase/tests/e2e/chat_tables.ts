/** A table as a program makes it, with rows composed for the tests, and what a run must ask. */
export interface ChatTable {
  table: string;
  layout: string;
  sql: string;
  /** Prompt and reference, in the order of the prompts. */
  asked: [string, string | null][];
  /** The source's key of the first prompt. */
  key: Record<string, unknown>;
  /** Metadata of the first prompt. */
  metadata?: Record<string, unknown>;
}

const LEASE: [string, string] = ["What is a lease?", "A right to use."];
const TREE: [string, string] = ["And a tree?", "A plant."];

/** Nineteen layouts but for those that cannot be read: LangGraph packs its messages, LibreChat has no Postgres. */
export const chatTables: ChatTable[] = [
  {
    table: "n8n.n8n_chat_histories",
    layout: "langchain",
    sql: `create table n8n.n8n_chat_histories (
        id serial primary key, session_id varchar(255) not null, message jsonb not null
      );
      insert into n8n.n8n_chat_histories (session_id, message) values
        ('491700', '{"type": "human", "content": "What is a lease?", "additional_kwargs": {}, "response_metadata": {}}'),
        ('491711', '{"type": "human", "content": "And a tree?"}'),
        ('491700', '{"type": "ai", "content": "A right to use.", "tool_calls": [], "invalid_tool_calls": []}'),
        ('491711', '{"type": "ai", "content": "A plant."}');`,
    asked: [LEASE, TREE],
    key: { id: "1" },
  },
  {
    table: "langchain.langchain_chat_histories",
    layout: "langchain",
    sql: `create table langchain.langchain_chat_histories (
        id serial primary key, session_id varchar(255) not null, message jsonb not null, created_at timestamptz default now()
      );
      insert into langchain.langchain_chat_histories (session_id, message) values
        ('a', '{"type": "human", "content": "What is a lease?", "role": "", "name": null}'),
        ('a', '{"type": "ai", "content": "A right to use."}');`,
    asked: [LEASE],
    key: { id: "1" },
  },
  {
    table: "langchain.chat_history",
    layout: "langchain",
    sql: `create table langchain.chat_history (
        id serial primary key, session_id uuid not null, message jsonb not null, created_at timestamptz default now()
      );
      insert into langchain.chat_history (session_id, message) values
        ('00000000-0000-0000-0000-000000000001', '{"type": "human", "data": {"type": "human", "content": "What is a lease?"}}'),
        ('00000000-0000-0000-0000-000000000001', '{"type": "ai", "data": {"type": "ai", "content": "A right to use."}}');`,
    asked: [LEASE],
    key: { id: "1" },
  },
  {
    table: "aichat.Message_v2",
    layout: "ai-chatbot",
    sql: `create table aichat."Message_v2" (
        id uuid primary key, "chatId" uuid not null, role varchar not null, parts json not null,
        attachments json not null, "createdAt" timestamp not null
      );
      create table aichat."Vote_v2" (
        "chatId" uuid not null, "messageId" uuid not null, "isUpvoted" boolean not null, primary key ("chatId", "messageId")
      );
      insert into aichat."Message_v2" values
        ('00000000-0000-0000-0000-00000000000b', '00000000-0000-0000-0000-000000000001', 'user',
         '[{"type": "text", "text": "What is a lease?"}, {"type": "file", "url": "https://x.test/a.png"}]', '[]', '2026-01-01 10:00'),
        ('00000000-0000-0000-0000-00000000000a', '00000000-0000-0000-0000-000000000001', 'assistant',
         '[{"type": "reasoning", "text": "hm"}, {"type": "text", "text": "A right to use."}]', '[]', '2026-01-01 10:01');
      insert into aichat."Vote_v2" values
        ('00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-00000000000a', false);`,
    asked: [LEASE],
    key: { id: "00000000-0000-0000-0000-00000000000b" },
    metadata: { feedback: false },
  },
  {
    table: "aichat.Message",
    layout: "ai-chatbot-1",
    sql: `create table aichat."Message" (
        id uuid primary key, "chatId" uuid not null, role varchar not null, content json not null, "createdAt" timestamp not null
      );
      insert into aichat."Message" values
        ('00000000-0000-0000-0000-00000000000b', '00000000-0000-0000-0000-000000000001', 'user', '"What is a lease?"', '2026-01-01 10:00'),
        ('00000000-0000-0000-0000-00000000000a', '00000000-0000-0000-0000-000000000001', 'assistant',
         '[{"type": "text", "text": "A right to use."}]', '2026-01-01 10:01');`,
    asked: [LEASE],
    key: { id: "00000000-0000-0000-0000-00000000000b" },
  },
  {
    table: "fork.chats",
    layout: "by its columns",
    sql:
      `create table fork.chats (id text primary key, user_id uuid, payload jsonb);
      insert into fork.chats values ('c1', null, '{"id": "c1", "title": "Leases", "createdAt": 1767261600000, "path": "/chat/c1", "messages": [
        {"role": "user", "content": "What is a lease?"}, {"role": "assistant", "content": "A right to use."},
        {"role": "user", "content": "And a tree?"}, {"role": "assistant", "content": "A plant."}]}');`,
    asked: [LEASE, TREE],
    key: { id: "c1" },
  },
  {
    table: "chatbotui.messages",
    layout: "chatbot-ui",
    sql:
      `create table chatbotui.chats (id uuid primary key, model text, prompt text not null, temperature real);
      create table chatbotui.messages (
        id uuid primary key, chat_id uuid not null, user_id uuid not null, content text not null, image_paths text[] not null,
        model text not null, role text not null, sequence_number int not null, created_at timestamptz not null, updated_at timestamptz
      );
      insert into chatbotui.chats values ('00000000-0000-0000-0000-000000000001', 'gpt-4', 'You are a lawyer.', 0.5);
      insert into chatbotui.messages values
        ('00000000-0000-0000-0000-00000000000d', '00000000-0000-0000-0000-000000000001', gen_random_uuid(), 'A plant.', '{}', 'gpt-4', 'assistant', 3, '2026-01-01 09:00Z'),
        ('00000000-0000-0000-0000-00000000000c', '00000000-0000-0000-0000-000000000001', gen_random_uuid(), 'And a tree?', '{}', 'gpt-4', 'user', 2, '2026-01-01 10:00Z'),
        ('00000000-0000-0000-0000-00000000000b', '00000000-0000-0000-0000-000000000001', gen_random_uuid(), 'A right to use.', '{}', 'gpt-4', 'assistant', 1, '2026-01-01 10:01Z'),
        ('00000000-0000-0000-0000-00000000000a', '00000000-0000-0000-0000-000000000001', gen_random_uuid(), 'What is a lease?', '{}', 'gpt-4', 'user', 0, '2026-01-01 10:02Z');`,
    asked: [LEASE, TREE],
    key: { id: "00000000-0000-0000-0000-00000000000a" },
  },
  {
    table: "morphic.messages",
    layout: "ai-sdk-parts",
    sql:
      `create table morphic.messages (id varchar primary key, chat_id varchar, role varchar, created_at timestamp, metadata jsonb);
      create table morphic.parts (
        id varchar primary key, message_id varchar, "order" int, type varchar, text_text text, reasoning_text text, tool_search_input jsonb
      );
      insert into morphic.messages values ('m1', 'c1', 'user', '2026-01-01 10:00', null), ('m2', 'c1', 'assistant', '2026-01-01 10:01', null);
      insert into morphic.parts values
        ('p1', 'm1', 0, 'text', 'What is a lease?', null, null), ('p4', 'm2', 3, 'text', 'to use.', null, null),
        ('p2', 'm2', 0, 'tool-search', null, null, '{"query": "lease"}'), ('p3', 'm2', 1, 'text', 'A right', null, null);`,
    asked: [["What is a lease?", "A right\nto use."]],
    key: { id: "m1" },
  },
  {
    table: "openwebui.chat_message",
    layout: "open-webui",
    sql: `create table openwebui.chat_message (
        id text primary key, chat_id text not null, user_id text, role text not null, parent_id text, content json, output json,
        model_id text, files json, usage json, created_at bigint, updated_at bigint
      );
      insert into openwebui.chat_message (id, chat_id, role, parent_id, content, model_id, created_at) values
        ('c1-m1', 'c1', 'user', null, '"What is a lease?"', null, 1767261600),
        ('c1-m2', 'c1', 'assistant', 'm1', '"Not this one."', 'llama', 1767261601),
        ('c1-m4', 'c1', 'user', 'm3', '"And a tree?"', null, 1767261603),
        ('c1-m3', 'c1', 'assistant', 'm1', '[{"type": "text", "text": "A right to use."}]', 'llama', 1767261602),
        ('c1-m5', 'c1', 'assistant', 'm4', '"A plant."', 'llama', 1767261604);`,
    asked: [LEASE, TREE],
    key: { id: "c1-m1" },
  },
  {
    table: "openwebui.chat",
    layout: "open-webui-chats",
    sql:
      `create table openwebui.chat (id text primary key, user_id text, title text, chat json, created_at bigint, updated_at bigint);
      insert into openwebui.chat values ('c9', 'u', 'Leases', '{"models": ["llama"], "history": {"currentId": "b", "messages": {
        "a": {"id": "a", "parentId": null, "role": "user", "content": "What is a lease?", "timestamp": 1767261600},
        "b": {"id": "b", "parentId": "a", "role": "assistant", "content": "A right to use.", "timestamp": 1767261601}}}}', 1767261600, 1767261601);`,
    asked: [LEASE],
    key: { id: "c9" },
  },
  {
    table: "lobe.messages",
    layout: "lobechat",
    sql: `create table lobe.messages (
        id text primary key, role text not null, content text, model text, provider text, tools jsonb, session_id text, topic_id text,
        thread_id text, parent_id text, metadata jsonb, error jsonb, created_at timestamptz not null
      );
      insert into lobe.messages (id, role, content, session_id, topic_id, parent_id, created_at) values
        ('m1', 'user', 'What is a lease?', 's1', 't1', null, '2026-01-01 10:00Z'),
        ('m3', 'user', 'And a tree?', 's1', null, null, '2026-01-01 10:00:30Z'),
        ('m2', 'assistant', 'A right to use.', 's1', 't1', 'm1', '2026-01-01 10:01Z'),
        ('m4', 'assistant', 'A plant.', 's1', null, 'm3', '2026-01-01 10:02Z');`,
    asked: [TREE, LEASE],
    key: { id: "m3" },
  },
  {
    table: "mastra.mastra_messages",
    layout: "mastra",
    sql: `create table mastra.mastra_messages (
        id text primary key, thread_id text not null, content text not null, role text not null, type text not null,
        "createdAt" timestamp not null, "resourceId" text
      );
      insert into mastra.mastra_messages values
        ('m1', 't1', '{"format": 2, "parts": [{"type": "text", "text": "What is a lease?"}], "content": "What is a lease?"}', 'user', 'v2', '2026-01-01 10:00', 'u'),
        ('m2', 't1', '{"format": 2, "parts": [{"type": "step-start"}, {"type": "text", "text": "A right to use."}]}', 'assistant', 'v2', '2026-01-01 10:01', 'u'),
        ('m3', 't1', 'And a tree?', 'user', 'text', '2026-01-01 10:02', 'u'), ('m4', 't1', 'A plant.', 'assistant', 'text', '2026-01-01 10:03', 'u');`,
    asked: [LEASE, TREE],
    key: { id: "m1" },
  },
  {
    table: "agents.agent_messages",
    layout: "openai-agents",
    sql:
      `create table agents.agent_messages (id serial primary key, session_id varchar not null, message_data text not null, created_at timestamp not null default now());
      insert into agents.agent_messages (session_id, message_data) values
        ('s1', '{"role": "user", "content": "What is a l\\u0065ase?"}'),
        ('s1', '{"type": "function_call", "call_id": "1", "name": "look", "arguments": "{}"}'),
        ('s1', '{"broken'),
        ('s1', '{"id": "msg_1", "type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "A right to use.", "annotations": []}]}');`,
    asked: [LEASE],
    key: { id: "1" },
  },
  {
    table: "adk.events",
    layout: "google-adk",
    sql: `create table adk.events (
        id varchar, app_name varchar, user_id varchar, session_id varchar, invocation_id varchar, "timestamp" timestamp, event_data jsonb,
        primary key (id, app_name, user_id, session_id)
      );
      insert into adk.events values
        ('e1', 'app', 'u', 's1', 'i1', '2026-01-01 10:00', '{"id": "e1", "author": "user", "content": {"role": "user", "parts": [{"text": "What is a lease?"}]}}'),
        ('e2', 'app', 'u', 's1', 'i1', '2026-01-01 10:01', '{"author": "law_agent", "content": {"role": "model", "parts": [{"functionCall": {"name": "look"}}]}}'),
        ('e3', 'app', 'u', 's1', 'i1', '2026-01-01 10:02', '{"author": "law_agent", "content": {"role": "model", "parts": [{"text": "A right to use."}]}}');`,
    asked: [LEASE],
    key: { id: "e1", app_name: "app", user_id: "u", session_id: "s1" },
  },
  {
    table: "ai.agno_sessions",
    layout: "agno",
    sql: `create table ai.agno_sessions (
        session_id varchar primary key, session_type varchar not null, agent_id varchar, runs jsonb, created_at bigint not null, updated_at bigint
      );
      insert into ai.agno_sessions values ('s1', 'agent', 'a', '[
        {"run_id": "r1", "model": "gpt", "messages": [{"role": "system", "content": "Be brief."}, {"id": "m1", "role": "user", "content": "What is a lease?"}, {"role": "assistant", "content": "A right to use."}]},
        {"run_id": "r2", "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "What is a lease?", "from_history": true},
          {"role": "assistant", "content": "A right to use.", "from_history": true}, {"id": "m2", "role": "user", "content": "And a tree?"}, {"role": "assistant", "content": "A plant."}]}]', 1767261600, 1767261700);`,
    asked: [LEASE, TREE],
    key: { session_id: "s1" },
  },
  {
    table: "llama.data_chatstore",
    layout: "llama-index",
    sql:
      `create table llama.data_chatstore (id serial primary key, key varchar not null unique, value json[]);
      insert into llama.data_chatstore (key, value) values ('user1', array[
        '{"role": "user", "additional_kwargs": {}, "blocks": [{"block_type": "text", "text": "What is a lease?"}]}',
        '{"role": "assistant", "content": "A right to use.", "additional_kwargs": {}}']::json[]);`,
    asked: [LEASE],
    key: { id: "1" },
  },
  {
    table: "flowise.chat_message",
    layout: "flowise",
    sql: `create table flowise.chat_message (
        id uuid primary key, role varchar, chatflowid varchar, content text, "sourceDocuments" text, "createdDate" timestamp,
        "chatId" varchar, "sessionId" varchar
      );
      insert into flowise.chat_message values
        ('00000000-0000-0000-0000-00000000000b', 'userMessage', 'f', 'What is a lease?', null, '2026-01-01 10:00', 'c1', null),
        ('00000000-0000-0000-0000-00000000000a', 'apiMessage', 'f', 'A right to use.', null, '2026-01-01 10:00', 'c1', null);`,
    asked: [LEASE],
    key: { id: "00000000-0000-0000-0000-00000000000b" },
  },
  {
    table: "dify.messages",
    layout: "dify",
    sql: `create table dify.messages (
        id uuid primary key, app_id uuid, conversation_id uuid, inputs json, query text, message json, answer text, created_at timestamp
      );
      create table dify.message_feedbacks (id uuid primary key default gen_random_uuid(), message_id uuid, rating varchar, content text);
      insert into dify.messages values
        ('00000000-0000-0000-0000-00000000000a', null, '00000000-0000-0000-0000-000000000001', '{}', 'What is a lease?', '[]', 'A right to use.', '2026-01-01 10:00'),
        ('00000000-0000-0000-0000-00000000000b', null, '00000000-0000-0000-0000-000000000001', '{"query": "And a tree?"}', '', '[]', 'A plant.', '2026-01-01 10:01');
      insert into dify.message_feedbacks (message_id, rating) values ('00000000-0000-0000-0000-00000000000a', 'like');`,
    asked: [LEASE, TREE],
    key: { id: "00000000-0000-0000-0000-00000000000a" },
    metadata: { feedback: "like" },
  },
  {
    table: "own.chat_messages",
    layout: "by its columns",
    sql: `create table own.chat_messages (
        id bigint generated always as identity primary key, thread_id int not null, direction text not null, body text, rating int, inserted_at timestamptz not null
      );
      insert into own.chat_messages (thread_id, direction, body, rating, inserted_at) values
        (1, 'in', 'What is a lease?', null, '2026-01-01 10:00Z'), (1, 'out', 'A right to use.', 5, '2026-01-01 10:00Z'),
        (2, 'in', 'And a tree?', null, '2026-01-01 10:00Z'), (2, 'out', 'A plant.', null, '2026-01-01 10:00Z');`,
    asked: [LEASE, TREE],
    key: { id: "1" },
    metadata: { feedback: 5 },
  },
];
