-- Why: what a call cost is told by its usage, and what it may cost at most by what it asks for.

create function pipeline.usage_cost(
  endpoint public.model_endpoints,
  input_tokens bigint,
  output_tokens bigint,
  usage jsonb
)
returns numeric
language plpgsql
immutable
set search_path = ''
as $$
declare
  read_tokens bigint;
  written_tokens bigint;
  written_for_an_hour bigint;
  reasoning_tokens bigint;
begin
  if usage is null then
    return (input_tokens * (endpoint).input_cost + output_tokens * (endpoint).output_cost) / 1e6;
  end if;
  read_tokens := coalesce((usage ->> 'cachedInputTokens')::bigint, 0);
  written_tokens := coalesce((usage ->> 'cacheWriteTokens')::bigint, 0);
  written_for_an_hour := coalesce((usage ->> 'cacheWriteHourTokens')::bigint, 0);
  reasoning_tokens := coalesce((usage ->> 'reasoningTokens')::bigint, 0);
  return (
    (input_tokens - read_tokens - written_tokens) * (endpoint).input_cost
    + read_tokens * coalesce((endpoint).cached_input_cost, (endpoint).input_cost)
    + (written_tokens - written_for_an_hour) * coalesce((endpoint).cache_write_cost, (endpoint).input_cost)
    + written_for_an_hour * coalesce(
      (endpoint).cache_write_hour_cost, (endpoint).cache_write_cost, (endpoint).input_cost
    )
    + (output_tokens - reasoning_tokens) * (endpoint).output_cost
    + reasoning_tokens * coalesce((endpoint).reasoning_cost, (endpoint).output_cost)
  ) / 1e6;
end;
$$;
comment on function pipeline.usage_cost(public.model_endpoints, bigint, bigint, jsonb) is
  'USD that a call cost; null when its tokens or the endpoint''s prices are not known. usage has the parts of both counts that have prices of their own: {cachedInputTokens?, cacheWriteTokens?, cacheWriteHourTokens?, reasoningTokens?}; those kept for an hour are part of those written.';

create function pipeline.output_limit(endpoint public.model_endpoints, parameters jsonb)
returns integer
language plpgsql
immutable
set search_path = ''
as $$
declare
  given jsonb;
begin
  -- A template sends only what it names.
  if (endpoint).request_template is null or (endpoint).request_template::text ~ '\{\{\s*parameters' then
    -- As toRequestParts() reads them in functions/_shared/model.
    given := coalesce(
      parameters -> 'maxTokens', parameters -> 'max_tokens', parameters -> 'max_completion_tokens',
      parameters -> 'max_output_tokens'
    );
  end if;
  if jsonb_typeof(given) = 'number' and given > '0' then
    return least(ceil(given::numeric), 1e9);
  end if;
  return (endpoint).max_output_tokens;
end;
$$;
comment on function pipeline.output_limit(public.model_endpoints, jsonb) is
  'The output tokens that a call with these parameters asks for at most: maxTokens, also as a vendor spells it, else the endpoint''s max_output_tokens; null: there is no limit.';

create function pipeline.most_cost(
  endpoint public.model_endpoints,
  parameters jsonb,
  input_bytes bigint,
  output_tokens bigint
)
returns numeric
language plpgsql
immutable
set search_path = ''
as $$
declare
  -- Several answers to one request, by the names of OpenAI, Cohere and Gemini.
  answers numeric := 1;
  given jsonb;
begin
  if (endpoint).input_cost is null then
    return 0;
  end if;
  foreach given in array array[
    parameters -> 'n', parameters -> 'best_of', parameters -> 'num_generations',
    parameters -> 'candidateCount', parameters -> 'generationConfig' -> 'candidateCount'
  ] loop
    if jsonb_typeof(given) = 'number' then
      answers := greatest(answers, ceil(given::numeric));
    end if;
  end loop;
  return answers / 1e6 * (
    -- No tokenizer makes more than one token of a byte; a thousand are for what frames the turns.
    (input_bytes + 1000) * greatest(
      (endpoint).input_cost, (endpoint).cached_input_cost, (endpoint).cache_write_cost,
      (endpoint).cache_write_hour_cost
    )
    + case
      when greatest((endpoint).output_cost, (endpoint).reasoning_cost) = 0 then 0
      else coalesce(output_tokens, 'Infinity'::numeric)
        * greatest((endpoint).output_cost, (endpoint).reasoning_cost)
    end
  );
end;
$$;
comment on function pipeline.most_cost(public.model_endpoints, jsonb, bigint, bigint) is
  'USD that a call may cost at most, if the endpoint heeds the limit of output tokens; Infinity without one, 0 for an endpoint without prices.';
