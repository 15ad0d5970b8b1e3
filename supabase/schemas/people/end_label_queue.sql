-- Why: a page and a program end a queue by a call, as they steer runs; whoever owns it may by hand, too.

create function public.close_evaluation_label_queue(queue_id bigint, as_of timestamptz default now())
returns boolean
language plpgsql
set search_path = ''
as $$
begin
  update public.evaluation_label_queues as known
  set closed_at = coalesce(known.closed_at, close_evaluation_label_queue.as_of)
  where known.id = close_evaluation_label_queue.queue_id;
  if not found then
    raise exception 'Cannot find label queue %', queue_id
      using errcode = 'P0002', hint = 'select id, name from list_evaluation_label_queues()';
  end if;
  return true;
end;
$$;
comment on function public.close_evaluation_label_queue(bigint, timestamptz) is
  'Gives nothing more out; its labels stay, and what somebody holds may still be labelled. Returns true, also where it was closed before. P0002: no such queue, or it is somebody else''s.';

create function public.delete_evaluation_label_queue(queue_id bigint)
returns boolean
language plpgsql
set search_path = ''
as $$
begin
  delete from public.evaluation_label_queues as known where known.id = delete_evaluation_label_queue.queue_id;
  if not found then
    raise exception 'Cannot find label queue %', queue_id
      using errcode = 'P0002', hint = 'select id, name from list_evaluation_label_queues()';
  end if;
  return true;
end;
$$;
comment on function public.delete_evaluation_label_queue(bigint) is
  'Deletes a queue with its items; its labels stay. Returns true. P0002: no such queue, or it is somebody else''s.';
