-- Why: conversations lie in tables of all shapes. Which column is what is told by the names and types
-- of columns; what names cannot tell, because it takes a second table or a rule, is a layout.

create function pipeline.plain_name(name text)
returns text
language sql
immutable
set search_path = ''
as $$
  select lower(regexp_replace(plain_name.name, '[_\s-]', '', 'g'));
$$;
comment on function pipeline.plain_name(text) is
  'A name of a column without case, _, - and spaces: chatId and chat_id are one.';

create function pipeline.kind_of_type(type oid)
returns text
language sql
stable
set search_path = ''
as $$
  with recursive base (oid, basis) as (
    select pg_type.oid, pg_type.typbasetype from pg_catalog.pg_type where pg_type.oid = kind_of_type.type
    union all
    select pg_type.oid, pg_type.typbasetype
    from base join pg_catalog.pg_type on pg_type.oid = base.basis
    where base.basis <> 0
  )
  select case
    when type.typname in ('json', 'jsonb') then 'json'
    when type.typname = 'uuid' then 'uuid'
    when type.typname in ('int2', 'int4', 'int8') then 'integer'
    when type.typname in ('date', 'timestamp', 'timestamptz') then 'time'
    when type.typcategory = 'N' then 'number'
    when type.typcategory = 'B' then 'boolean'
    when type.typcategory in ('S', 'E') then 'text'
    when type.typcategory = 'A' and pipeline.kind_of_type(type.typelem) in ('json', 'text') then 'list'
    else 'other'
  end
  from base join pg_catalog.pg_type as type on type.oid = base.oid
  where base.basis = 0;
$$;
comment on function pipeline.kind_of_type(oid) is
  'What a column of a type may be taken for: json, uuid, integer, number, time, boolean, text, list (an array of JSON or text) or other. A domain is what it is made of, an enum is text.';

create function pipeline.columns_of(relation oid)
returns table (name text, plain text, kind text, type text)
language sql
stable
set search_path = ''
as $$
  select
    attribute.attname::text, pipeline.plain_name(attribute.attname), pipeline.kind_of_type(attribute.atttypid),
    pg_catalog.format_type(attribute.atttypid, attribute.atttypmod)
  from pg_catalog.pg_attribute as attribute
  where attribute.attrelid = columns_of.relation and attribute.attnum > 0 and not attribute.attisdropped
  order by attribute.attnum;
$$;

create function pipeline.column_names()
returns table (field text, names text[], kinds text[])
language sql
immutable
set search_path = ''
as $$
  values
    (
      'conversation',
      -- Those of functions/_shared/archive/conversation_id.ts.
      array[
        'conversationid', 'conversationuuid', 'conversationhash', 'conversationkey', 'convid', 'chatid', 'chatuuid',
        'chatsessionid', 'threadid', 'threaduuid', 'dialogid', 'dialogueid', 'discussionid', 'sessionid',
        'sessionuuid', 'sessionkey', 'conversation', 'thread', 'dialog', 'dialogue', 'session', 'chat'
      ],
      array['text', 'uuid', 'integer']
    ),
    (
      'role',
      array[
        'role', 'senderrole', 'sendertype', 'authorrole', 'messagerole', 'direction', 'isuser', 'isfromuser', 'isbot',
        'isai', 'frombot', 'sender', 'author', 'from', 'messagetype', 'type'
      ],
      array['text', 'boolean']
    ),
    (
      'content',
      array[
        'content', 'parts', 'text', 'body', 'message', 'messagetext', 'messagecontent', 'contenttext', 'msg', 'utterance'
      ],
      array['text', 'json', 'list']
    ),
    ('message', array['message', 'messagedata', 'eventdata'], array['json']),
    -- payload: supabase-community/vercel-ai-chatbot, init.sql.
    ('messages', array['messages', 'conversation', 'transcript', 'history', 'payload', 'turns'], array['json', 'list']),
    (
      'prompt',
      array['query', 'question', 'prompt', 'userinput', 'usermessage', 'userprompt', 'input', 'request', 'message'],
      array['text']
    ),
    (
      'answer',
      array[
        'answer', 'response', 'completion', 'reply', 'airesponse', 'botresponse', 'botmessage', 'assistantmessage',
        'assistantresponse', 'output'
      ],
      array['text']
    ),
    (
      'order',
      array[
        'sequencenumber', 'sequence', 'seq', 'messageindex', 'turnindex', 'turnnumber', 'messageorder', 'idx', 'ordinal',
        'position', 'order'
      ],
      array['integer', 'number']
    ),
    (
      'time',
      array[
        'createdat', 'createdon', 'createddate', 'created', 'insertedat', 'sentat', 'timestamp', 'createtime', 'time',
        'date', 'ts'
      ],
      array['time', 'integer']
    ),
    ('updated', array['updatedat', 'updatedon', 'modifiedat', 'updatetime', 'lastupdated'], array['time', 'integer']),
    ('model', array['model', 'modelid', 'modelname'], array['text']),
    ('title', array['title', 'name'], array['text']),
    (
      'feedback',
      array[
        'feedback', 'rating', 'thumbs', 'thumbsup', 'vote', 'isupvoted', 'isliked', 'liked', 'ispositive', 'reaction',
        'userrating', 'userfeedback'
      ],
      array['text', 'integer', 'number', 'boolean', 'json']
    );
$$;
comment on function pipeline.column_names() is
  'By which names and of which kinds the columns of a conversation are known, the surest name first.';

create function pipeline.chat_layouts()
returns table (name text, needs text[], columns jsonb, advice text)
language sql
immutable
set search_path = ''
as $$
  values
    -- langchain-ai/langgraph, libs/checkpoint-postgres: messages are msgpack in bytea.
    (
      'langgraph', array['thread_id', 'checkpoint_ns'], null::jsonb,
      'Its messages are packed (msgpack) in bytea, which SQL cannot read: write the states of the threads to a file by the API, /threads/{id}/state, or get_state_history(), and upload it; the archive formats know it'
    ),
    -- google/adk-python, sessions/schemas/v1.py.
    (
      'google-adk', array['session_id', 'invocation_id', 'event_data'],
      '{"message": "event_data", "time": "timestamp"}', null
    ),
    -- openai/openai-agents-python, extensions/memory/sqlalchemy_session.py: JSON as text.
    ('openai-agents', array['session_id', 'message_data'], '{"message": "message_data"}', null),
    -- vercel/ai-chatbot, lib/db/schema.ts.
    (
      'ai-chatbot', array['chatId', 'role', 'parts', 'attachments'],
      '{"content": "parts", "feedback": {"table": "Vote_v2", "message": "messageId", "value": "isUpvoted"}}', null
    ),
    (
      'ai-chatbot-1', array['chatId', 'role', 'content', 'createdAt'],
      '{"feedback": {"table": "Vote", "message": "messageId", "value": "isUpvoted"}}', null
    ),
    -- open-webui/open-webui, models/chat_messages.py: ids are "{chat}-{message}", parent_id has no prefix.
    (
      'open-webui', array['chat_id', 'parent_id', 'role', 'content', 'model_id'],
      '{"parent": "parent_id", "parent_prefix": "chat_id"}', null
    ),
    ('open-webui-chats', array['id', 'user_id', 'title', 'chat:json'], '{"messages": "chat", "as": "chat"}', null),
    -- miurla/morphic, lib/db/schema.ts: parts of a message are rows of another table.
    (
      'ai-sdk-parts', array['chat_id', 'role', 'metadata'],
      '{"parts": {"table": "parts", "message": "message_id", "order": "order", "type": "type", "text": "text_text"}}', null
    ),
    -- mckaywrigley/chatbot-ui, supabase/migrations.
    (
      'chatbot-ui', array['chat_id', 'role', 'content', 'sequence_number', 'image_paths'],
      '{"system": {"table": "chats", "conversation": "id", "value": "prompt"}}', null
    ),
    -- lobehub/lobe-chat, packages/database/src/schemas/message.ts.
    (
      'lobechat', array['session_id', 'topic_id', 'role', 'content'],
      '{"conversation": ["topic_id", "session_id"]}', null
    ),
    -- mastra-ai/mastra, packages/core/src/storage/constants.ts.
    ('mastra', array['thread_id', 'resourceId', 'role', 'content'], '{}', null),
    -- agno-agi/agno, libs/agno/agno/db/postgres/schemas.py.
    ('agno', array['session_id', 'session_type', 'runs:json'], '{"messages": "runs", "as": "runs"}', null),
    -- run-llama/llama_index, llama-index-storage-chat-store-postgres: an array of JSON.
    ('llama-index', array['key', 'value:list'], '{"messages": "value", "title": "key"}', null),
    -- FlowiseAI/Flowise, packages/server/src/database/entities/ChatMessage.ts.
    (
      'flowise', array['chatflowid', 'role', 'content'],
      '{"conversation": ["sessionId", "chatId", "chatflowid"]}', null
    ),
    -- langgenius/dify, api/models/model.py: apps that only complete a text take it as an input.
    (
      'dify', array['conversation_id', 'query', 'answer', 'inputs'],
      '{"prompt": ["query", "inputs"], "feedback": {"table": "message_feedbacks", "message": "message_id", "value": "rating"}}',
      null
    ),
    -- n8n memoryPostgresChat; langchain-ai/langchainjs and langchain-postgres.
    ('langchain', array['id', 'session_id', 'message:json'], '{}', null);
$$;
comment on function pipeline.chat_layouts() is
  'Layouts of known programs: the columns by which one is told (name, or name:kind), what it says of columns beyond their names, and, of one that cannot be read, what to do instead. The first that fits is taken.';

create function pipeline.beside(relation oid, joined jsonb)
returns text
language sql
stable
set search_path = ''
as $$
  select format('%I.%I', namespace.nspname, other.relname)
  from pg_catalog.pg_class as class
  join pg_catalog.pg_namespace as namespace on namespace.oid = class.relnamespace
  join pg_catalog.pg_class as other
    on other.relnamespace = class.relnamespace and other.relname = joined ->> 'table'
  where class.oid = beside.relation
    and other.relkind in ('r', 'p', 'v', 'm', 'f')
    and not exists (
      select from jsonb_each_text(joined - 'table') as needed
      where needed.value not in (select known.name from pipeline.columns_of(other.oid) as known)
    )
    and has_table_privilege('service_role', other.oid, 'select');
$$;
comment on function pipeline.beside(oid, jsonb) is
  'The name of a table in the schema of another that has the columns named, and that service_role may read; null: there is none.';

create function pipeline.layout_of(relation oid, name text default null)
returns table (name text, columns jsonb, advice text)
language sql
stable
set search_path = ''
as $$
  select layout.name, layout.columns, layout.advice
  from pipeline.chat_layouts() with ordinality as layout (name, needs, columns, advice, place)
  where coalesce(layout.name = layout_of.name, true)
    and layout.needs <@ array(
      select told.name
      from pipeline.columns_of(layout_of.relation) as known
      cross join lateral (values (known.name), (known.name || ':' || known.kind)) as told (name)
    )
    -- Of two tables, the other must be there.
    and (
      layout.columns -> 'parts' is null or pipeline.beside(layout_of.relation, layout.columns -> 'parts') is not null
    )
  order by layout.place
  limit 1;
$$;

create function pipeline.guessed_columns(relation oid)
returns jsonb
language sql
stable
set search_path = ''
as $$
  select coalesce(jsonb_object_agg(guess.field, guess.name), '{}')
  from (
    select distinct on (known.field) known.field, present.name
    from pipeline.column_names() as known
    cross join lateral unnest(known.names) with ordinality as candidate (plain, rank)
    join pipeline.columns_of(guessed_columns.relation) as present
      on present.plain = candidate.plain and present.kind = any (known.kinds)
    order by known.field, candidate.rank
  ) as guess;
$$;
comment on function pipeline.guessed_columns(oid) is
  'What the columns of a table seem to be, {field: column}, by their names and kinds.';

create function pipeline.family_of(columns jsonb)
returns text
language sql
immutable
set search_path = ''
as $$
  select case
    when columns ? 'role' and (columns ?| array['content', 'parts']) and not columns ? 'message' then 'messages'
    when columns ? 'message' then 'json'
    when columns ? 'messages' then 'conversations'
    when columns ?& array['prompt', 'answer'] then 'pairs'
  end;
$$;
comment on function pipeline.family_of(jsonb) is
  'How the rows of a table are read: messages with their text (messages), with author and words in one JSON (json), whole conversations (conversations), or questions with answers (pairs); null: not at all.';
