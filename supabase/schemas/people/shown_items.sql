-- Why: a reviewer is shown what the model saw and what it answered, and of a blind queue nothing of who
-- answered, what scored it or what others said.

create function pipeline.shown_answer(results_table text, evaluation_id bigint, blind boolean)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
  return (
    select jsonb_build_object('response', answer.response, 'tool_calls', answer.tool_calls) || case
      when blind then '{}'
      else jsonb_build_object(
        'model', answer.model, 'experiment_name', answer.experiment_name,
        'scores', pipeline.scores_of(shown_answer.results_table, answer.id),
        'labels', pipeline.labels_of(shown_answer.results_table, answer.id)
      )
    end
    from pipeline.evaluations as answer
    join pg_catalog.pg_class as results on results.oid = answer.tableoid
    where answer.id = shown_answer.evaluation_id and results.relname = shown_answer.results_table
  );
end;
$$;
comment on function pipeline.shown_answer(text, bigint, boolean) is
  'What a reviewer is shown of an answer: {response, tool_calls}, not blind also {model, experiment_name, scores, labels}.';

create function pipeline.told_label(
  label public.evaluation_labels,
  item public.evaluation_label_items,
  queue public.evaluation_label_queues
)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
  hidden constant boolean := pipeline.hides_sides((queue).id);
begin
  return (
    select jsonb_build_object(
      'id', (label).id, 'item_id', (item).id, 'name', (label).name, 'person', (label).person,
      'passed', case when not hidden then (label).passed end, 'score', case when not hidden then (label).score end,
      'grade', (queue).lowest + (label).score * ((queue).highest - (queue).lowest),
      'category', case when not hidden then (label).category end,
      'choice', case
        when (queue).kind = 'pair' then case
          when (label).score = 0.5 then 'tie'
          when ((label).score > 0.5) = (item).is_swapped then 'second'
          else 'first'
        end
      end,
      'remark', (label).remark, 'corrected_response', (label).corrected_response,
      'updated_at', (label).updated_at
    )
    where (label).id is not null
  );
end;
$$;
comment on function pipeline.told_label is
  'A label as whoever gave it is told of it: {id, item_id, name, person, passed, score: 0 to 1, grade: on the scale of the queue, category, choice: of a pair first, second or tie as shown, remark, corrected_response, updated_at}. Of a blind pair passed, score and category are null: they would tell which answer is whose.';

create function pipeline.shown_item(
  item public.evaluation_label_items,
  queue public.evaluation_label_queues,
  claimed_until timestamptz,
  label public.evaluation_labels
)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
  return (
    select jsonb_build_object(
      'id', (item).id, 'queue_id', (item).queue_id, 'position', (item).position,
      'claimed_until', shown_item.claimed_until,
      'prompt', jsonb_build_object(
        'system', sent.before -> 'system', 'turns', coalesce(sent.before -> 'earlierTurns', '[]'),
        'text', evaluation.prompt
      ),
      'reference', evaluation.reference,
      'responses', case
        when (item).other_id is null then jsonb_build_array(one)
        when (item).is_swapped then jsonb_build_array(other, one)
        else jsonb_build_array(one, other)
      end,
      'label', pipeline.told_label(label, item, queue)
    )
    from pipeline.evaluations as evaluation
    join pg_catalog.pg_class as results on results.oid = evaluation.tableoid
    cross join lateral (select pipeline.sent_before(evaluation.run_id, evaluation.prompt_id) as before) as sent
    cross join lateral pipeline.shown_answer((item).results_table, (item).evaluation_id, (queue).blind) as one
    left join lateral pipeline.shown_answer((item).other_table, (item).other_id, (queue).blind) as other on true
    where evaluation.id = (item).evaluation_id and results.relname = (item).results_table
  );
end;
$$;
comment on function pipeline.shown_item is
  'An item as a reviewer is shown it: {id, queue_id, position, claimed_until, prompt: {system, turns, text}, reference, responses, label}.';
