/** Owns the function by which a step of a workflow is recorded, and a workflow ends with it. */

/**
 * One statement for everything that belongs to a step's commit: the step, the fence of its lease,
 * a look for a cancellation, and, where `completes`, the end of the workflow and of its job. It
 * fails where the lease is lost, so that it can be sent together with COMMIT.
 *
 * A serializable transaction that looks a row up in an index holds a lock on a whole page of the
 * index, and workflows that end beside one another would conflict. So the workflow is found by its
 * place in the table, which its load returned; by its id only where it has moved since.
 */
export const recordFunction = `
  create function plinth.workflow_record(
    its_place tid, its_id text,
    fenced boolean, job_place tid, job uuid, holder integer, token bigint,
    is_new boolean, at_place text, its_name text, its_kind text, can_undo boolean,
    its_state text, its_result text, its_error text, tried integer,
    due timestamp with time zone, its_aim text, ended timestamp with time zone,
    completes boolean, final_result text, forgets boolean,
    kept timestamp with time zone, job_kept timestamp with time zone,
    out made bigint, out reason text, out completed boolean
  ) language plpgsql set enable_seqscan = off as $$
  begin
    completed := false;
    if is_new then
      insert into plinth.workflow_step (workflow_id, place, name, kind, undoable, state, result,
        error, attempts, due_at, aim, ended_at)
      values (its_id, at_place, its_name, its_kind, can_undo, its_state, its_result, its_error,
        tried, due, its_aim, ended)
      returning number into made;
    else
      update plinth.workflow_step
      set undoable = can_undo, state = its_state, result = its_result, error = its_error,
        attempts = tried, due_at = due, aim = its_aim, ended_at = ended,
        number = nextval('plinth.workflow_step_number')
      where workflow_id = its_id and place = at_place and state = 'open'
      returning number into made;
      if not found then
        raise exception 'The step % is recorded already.', its_name using errcode = 'PL001';
      end if;
    end if;
    if completes then
      update plinth.workflow
      set state = 'completed', result = final_result, ended_at = ended, keep_until = kept,
        resting = false, wake_at = null, problem = null, problems = 0
      where ctid = its_place and id || '' = its_id and state = 'running'
        and cancel_reason is null;
      completed := found;
      if not completed then
        update plinth.workflow
        set state = 'completed', result = final_result, ended_at = ended, keep_until = kept,
          resting = false, wake_at = null, problem = null, problems = 0
        where id = its_id and state = 'running' and cancel_reason is null;
        completed := found;
      end if;
    end if;
    if completed then
      if forgets then
        delete from plinth.workflow_event_wait where workflow_id = its_id;
      end if;
      if plinth.job_complete(array[job_place], array[job], holder, array[token],
        array[job_kept], ended) = 1 then
        return;
      end if;
      raise exception 'The job % is no longer held.', job using errcode = 'PL001';
    end if;
    select cancel_reason into reason from plinth.workflow
    where ctid = its_place and id || '' = its_id;
    if not found then
      select cancel_reason into reason from plinth.workflow where id = its_id;
    end if;
    if fenced and not plinth.job_fence(job_place, job, holder, token) then
      raise exception 'The job % is no longer held.', job using errcode = 'PL001';
    end if;
  end $$`
