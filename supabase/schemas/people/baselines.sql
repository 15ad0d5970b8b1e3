-- Why: what a new experiment must not fall behind is a decision of people, and a row.

create table public.experiment_baselines (
  id bigint generated always as identity primary key,
  owner uuid default pipeline.current_user_id(),
  name text not null,
  experiment_name text not null,
  approved_at timestamptz not null default now(),
  constraint experiment_baselines_name_belongs_to_one_owner unique nulls not distinct (owner, name),
  constraint experiment_baselines_names_are_short check (char_length(name) between 1 and 200),
  constraint experiment_baselines_names_are_plain check (pipeline.is_plain(name))
);
comment on table public.experiment_baselines is
  'One row per approved baseline of an owner: gate_experiments() takes its name for its experiment. Approving again replaces it; kept until deleted.';
comment on column public.experiment_baselines.owner is 'Null: the project''s own.';

create function public.approve_experiment_baseline(
  name text,
  experiment text,
  owner uuid default null,
  as_of timestamptz default now()
)
returns public.experiment_baselines
language plpgsql
set search_path = ''
as $$
declare
  approved public.experiment_baselines;
begin
  perform pipeline.check_experiments(array[experiment], owner);
  -- Or nobody could tell which of both a gate means.
  if exists (
    select from pipeline.evaluations as taken
    where taken.experiment_name = approve_experiment_baseline.name
      and taken.owner is not distinct from approve_experiment_baseline.owner
  ) then
    raise exception 'Cannot approve "%": an experiment has this name', approve_experiment_baseline.name
      using errcode = '22023', hint = 'Give the baseline a name of its own, such as "approved"';
  end if;
  insert into public.experiment_baselines as kept (owner, name, experiment_name, approved_at)
  values (owner, name, experiment, as_of)
  on conflict on constraint experiment_baselines_name_belongs_to_one_owner do update
  set experiment_name = excluded.experiment_name, approved_at = excluded.approved_at
  returning kept.* into approved;
  return approved;
end;
$$;
comment on function public.approve_experiment_baseline(text, text, uuid, timestamptz) is
  'Makes an experiment of an owner, null: the project''s own, the baseline of this name, in the place of an earlier one: gate_experiments(name, candidate) compares with it. Returns its row. P0002: there is no such experiment; 22023: the name is that of an experiment.';
