/** Owns the functions by which a job ends inside the transaction of its logic. */

/** What tells the claim of a job from every other one: a column of its row. */
export interface Token {
  readonly column: 'attempt' | 'claim'
  readonly type: 'integer' | 'bigint'
  /** What the functions call it: a step that ran somewhere keeps every letter of its text. */
  readonly one: 'attempted' | 'token'
  readonly several: 'attempts' | 'tokens'
}

/**
 * The functions, which find a job by who holds it and a token of the claim.
 *
 * A serializable transaction that looks a row up in an index holds a lock on a whole page of the
 * index, and every other job beside it would conflict. So a job is found by its place in the table
 * (`ctid`), which its claim returned; by its id only where it has moved since. `id::text` keeps
 * the index from being used, the setting keeps the whole table from being read.
 */
export const endFunctions = ({ column, type, one, several }: Token): string => `
  create function plinth.job_complete(
    places tid[], ids uuid[], holder integer, ${several} ${type}[],
    keeps timestamp with time zone[], at timestamp with time zone
  ) returns integer language plpgsql set enable_seqscan = off as $$
  declare
    ended integer := 0;
    its_queue text;
    its_key text;
  begin
    for n in 1 .. array_length(ids, 1) loop
      update plinth.job set state = 'done', finished_at = at, keep_until = keeps[n],
        worker = null, error = null
      where ctid = places[n] and id::text = ids[n]::text
        and worker = holder and ${column} = ${several}[n] and state = 'running'
      returning queue, key into its_queue, its_key;
      if not found then
        update plinth.job set state = 'done', finished_at = at, keep_until = keeps[n],
          worker = null, error = null
        where id = ids[n] and worker = holder and ${column} = ${several}[n] and state = 'running'
        returning queue, key into its_queue, its_key;
      end if;
      if found then
        ended := ended + 1;
        if its_key is not null then
          insert into plinth.job_nudge (queue, key) values (its_queue, its_key);
        end if;
      end if;
    end loop;
    return ended;
  end $$;
  create function plinth.job_fence(place tid, wanted uuid, holder integer, ${one} ${type})
  returns boolean language plpgsql set enable_seqscan = off as $$
  begin
    perform 1 from plinth.job where ctid = place and id::text = wanted::text
      and worker = holder and ${column} = ${one} and state = 'running' for update;
    if not found then
      perform 1 from plinth.job
      where id = wanted and worker = holder and ${column} = ${one} and state = 'running'
      for update;
    end if;
    return found;
  end $$;
  create function plinth.job_later(
    place tid, wanted uuid, holder integer, ${one} ${type},
    due timestamp with time zone, reason text, anew boolean
  ) returns boolean language plpgsql set enable_seqscan = off as $$
  begin
    update plinth.job set state = 'retrying', run_at = due, error = coalesce(reason, error),
      worker = null, attempt = case when anew then 0 else attempt end
    where ctid = place and id::text = wanted::text
      and worker = holder and ${column} = ${one} and state = 'running';
    if not found then
      update plinth.job set state = 'retrying', run_at = due, error = coalesce(reason, error),
        worker = null, attempt = case when anew then 0 else attempt end
      where id = wanted and worker = holder and ${column} = ${one} and state = 'running';
    end if;
    return found;
  end $$`
