-- Why: a queue of ten thousand items is made by one short call. What users have people label, and what
-- they say, is stored for them, and counts as what else they store.

create function pipeline.count_label_bytes()
returns trigger
language plpgsql
-- Definer: users may not write what they have used.
security definer
set search_path = ''
as $$
declare
  who constant uuid := pipeline.current_user_id();
  passed text;
begin
  if who is not null then
    passed := pipeline.count_usage(who, 0, (select coalesce(sum(pg_column_size(written.*)), 0) from written), now());
    if passed is not null then
      perform pipeline.refuse_for_quota(passed, who);
    end if;
  end if;
  return null;
end;
$$;
comment on function pipeline.count_label_bytes() is
  'Counts the bytes of labels and items for the signed-in user who writes them, and refuses what is beyond the quota (SQLSTATE PPL02).';

create trigger count_label_items
after insert on public.evaluation_label_items referencing new table as written
for each statement execute function pipeline.count_label_bytes();

create trigger count_labels
after insert on public.evaluation_labels referencing new table as written
for each statement execute function pipeline.count_label_bytes();

create trigger count_changed_labels
after update on public.evaluation_labels referencing new table as written
for each statement
-- What a foreign key does is nothing that comes in: whoever has used up a day may delete a queue.
when (pg_trigger_depth() = 0)
execute function pipeline.count_label_bytes();
