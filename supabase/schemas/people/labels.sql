-- Why: people judge too. What they say stands beside the scores of evaluators and is never replaced by
-- them, so that it can be told how far the two agree.

create table public.evaluation_labels (
  id bigint generated always as identity primary key,
  results_table text not null default 'prompt_evaluations',
  evaluation_id bigint not null,
  name text not null default 'quality',
  person text not null default coalesce(pipeline.current_user_id()::text, ''),
  passed boolean,
  remark text,
  owner uuid,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint evaluation_labels_person_labels_once unique (results_table, evaluation_id, name, person),
  constraint evaluation_labels_say_something check (passed is not null or remark is not null),
  constraint evaluation_labels_names_are_plain check (pipeline.is_plain(name) and pipeline.is_plain(person)),
  constraint evaluation_labels_are_short check (
    char_length(name) between 1 and 200 and char_length(person) <= 200 and char_length(remark) <= 20000
  )
);
comment on table public.evaluation_labels is
  'One row per evaluation, name and person: what a person says of an answer. Kept until deleted, with the evaluation.';
comment on column public.evaluation_labels.name is 'What was asked: people may label several things.';
comment on column public.evaluation_labels.person is
  'The id of the signed-in user; what service_role calls itself; empty: nobody said.';
comment on column public.evaluation_labels.passed is 'null: only a remark.';
comment on column public.evaluation_labels.owner is 'The owner of the evaluation.';
create index evaluation_labels_owner_idx
  on public.evaluation_labels (owner) where owner is not null;

create function pipeline.may_label()
returns boolean
language sql
stable
parallel safe
set search_path = ''
as $$
  select pipeline.has_right('label');
$$;
comment on function pipeline.may_label() is
  'Whether the signed-in user of this request may label what others have, if they may read it: "label" in "pipeline" of their app_metadata.';

create function pipeline.is_labelable(results_table text, evaluation_id bigint, owner uuid)
returns boolean
language sql
stable
set search_path = ''
as $$
  select exists (
    select from pipeline.evaluations as evaluation
    join pg_catalog.pg_class as results on results.oid = evaluation.tableoid
    where evaluation.id = is_labelable.evaluation_id
      and results.relname = is_labelable.results_table
      and evaluation.owner is not distinct from is_labelable.owner
      and (evaluation.owner = pipeline.current_user_id() or pipeline.may_label())
  );
$$;
comment on function pipeline.is_labelable(text, bigint, uuid) is
  'Whether a signed-in user may label an evaluation, and this is its owner. They label what is theirs, with the claim "label" all that they see.';

alter table public.evaluation_labels enable row level security;
revoke all on public.evaluation_labels from anon, authenticated, service_role;
grant select, insert, update, delete on public.evaluation_labels to service_role;
grant select, delete on public.evaluation_labels to authenticated;
grant insert (
  results_table, evaluation_id, name, person, passed, remark, owner, created_at, updated_at
) on public.evaluation_labels to authenticated;
grant update (passed, remark, updated_at) on public.evaluation_labels to authenticated;

create policy "owners and who wrote them read labels"
  on public.evaluation_labels for select to authenticated
  using (
    owner = (select pipeline.current_user_id()) or person = (select pipeline.current_user_id())::text
  );
create policy "users label as themselves"
  on public.evaluation_labels for insert to authenticated
  with check (
    person = (select pipeline.current_user_id())::text
    and pipeline.is_labelable(results_table, evaluation_id, owner)
  );
create policy "users change their labels"
  on public.evaluation_labels for update to authenticated
  using (person = (select pipeline.current_user_id())::text);
create policy "users take their labels back"
  on public.evaluation_labels for delete to authenticated
  using (person = (select pipeline.current_user_id())::text);

create function public.grade_evaluation(
  results_table text,
  id bigint,
  passed boolean,
  remark text default null,
  name text default 'quality',
  person text default '',
  as_of timestamptz default now()
)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  used constant regclass := pipeline.check_results_table(grade_evaluation.results_table);
  -- A signed-in user speaks for nobody else.
  who constant text := coalesce(pipeline.current_user_id()::text, grade_evaluation.person);
  said constant text := nullif(btrim(grade_evaluation.remark), '');
  graded record;
  label public.evaluation_labels;
begin
  select evaluation.id, evaluation.owner into graded
  from pipeline.evaluations as evaluation
  where evaluation.tableoid = used
    and evaluation.id = grade_evaluation.id;
  if graded.id is null then
    raise exception 'Cannot grade evaluation %: there is none in table "%"', grade_evaluation.id, grade_evaluation.results_table
      using errcode = 'P0002', hint = 'Look for it: select browse_evaluations(run_id => 1)';
  end if;
  if grade_evaluation.passed is null and said is null then
    delete from public.evaluation_labels as kept
    where kept.results_table = grade_evaluation.results_table
      and kept.evaluation_id = graded.id
      and kept.name = grade_evaluation.name
      and kept.person = who;
    return null;
  end if;
  insert into public.evaluation_labels as kept (
    results_table, evaluation_id, name, person, passed, remark, owner, created_at, updated_at
  )
  values (
    grade_evaluation.results_table, graded.id, grade_evaluation.name, who, grade_evaluation.passed, said,
    graded.owner, as_of, as_of
  )
  on conflict on constraint evaluation_labels_person_labels_once do update
  set passed = excluded.passed, remark = excluded.remark, updated_at = excluded.updated_at
  returning * into label;
  return jsonb_build_object(
    'id', label.id, 'name', label.name, 'person', label.person, 'passed', label.passed,
    'remark', label.remark, 'updated_at', label.updated_at
  );
end;
$$;
comment on function public.grade_evaluation(text, bigint, boolean, text, text, text, timestamptz) is
  'Stores what a person says of an answer, in place of what they said before under the same name, and returns {id, name, person, passed, remark, updated_at}; neither passed nor a remark takes it back, and returns null. person: a signed-in user is always themselves. Users label their own answers, with the claim "label" all that they see. P0002: there is no such answer; 42501: it is not theirs to label.';
