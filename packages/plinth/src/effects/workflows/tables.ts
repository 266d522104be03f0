/** Owns the tables of workflows: instances, their steps, signals, waits for events. */

import { recordFunction } from './record.ts'

/**
 * `resting`: the job of the workflow waits; whoever brings news takes the mark away and wakes the
 * job, under the lock of the workflow's row, always before that of the job. `number` of a step is
 * drawn when it ends: what is undone is undone in its reverse order. `seed` is the id of the first
 * of all forks: chance must be the same in each of them. `log_position`: the head of the event log
 * as the start saw it. Positions are given after the commit and only grow, so whatever was
 * committed after the start has a higher one, or none yet; clocks, and `seq`, which is drawn before
 * the commit, say nothing about that. What was committed just before the start and has no position
 * yet counts too: rather one event of the same instant too many than one too few. `crowded`: it had
 * `workflowSignalsMax` signals that nobody has taken when it was last told something.
 */
export const workflowTables = [
  {
    id: '0020_workflow',
    sql: `create table plinth.workflow (
      id text primary key,
      seed text not null,
      name text not null,
      version integer not null,
      input text not null,
      state text not null default 'running'
        check (state in ('running', 'undoing', 'completed', 'failed', 'cancelled')),
      resting boolean not null default false,
      crowded boolean not null default false,
      wake_at timestamp with time zone,
      started_at timestamp with time zone not null,
      log_position bigint not null,
      ended_at timestamp with time zone,
      keep_until timestamp with time zone,
      starts integer not null default 1,
      result text,
      ending text,
      problem text,
      problems integer not null default 0,
      cancel_reason text,
      caller text not null,
      trace_id text not null,
      job_id uuid not null,
      parent_id text,
      forked_from text,
      check ((ended_at is null) = (state in ('running', 'undoing')))
    ) with (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 2000);
    create index workflow_started_at on plinth.workflow (started_at, id);
    create index workflow_keep_until on plinth.workflow (keep_until) where keep_until is not null;
    create index workflow_problem on plinth.workflow (started_at) where problem is not null`,
  },
  {
    id: '0021_workflow_step',
    sql: `create sequence plinth.workflow_step_number;
    create table plinth.workflow_step (
      workflow_id text not null,
      place text not null,
      number bigint not null default nextval('plinth.workflow_step_number'),
      name text not null,
      kind text not null
        check (kind in ('step', 'external', 'sleep', 'signal', 'event', 'child')),
      state text not null check (state in ('open', 'done', 'failed')),
      result text,
      error text,
      attempts integer not null default 0,
      due_at timestamp with time zone,
      aim text,
      undoable boolean not null default false,
      reused boolean not null default false,
      ended_at timestamp with time zone,
      undo_state text check (undo_state in ('open', 'done')),
      undo_attempts integer not null default 0,
      undo_due_at timestamp with time zone,
      undo_error text,
      primary key (workflow_id, place),
      check ((ended_at is null) = (state = 'open')),
      check (undo_state is null or state = 'done')
    )`,
  },
  {
    id: '0022_workflow_news',
    sql: `create table plinth.workflow_signal (
      number bigint generated always as identity primary key,
      workflow_id text not null,
      signal text not null,
      data text not null,
      sent_at timestamp with time zone not null,
      taken_by text
    );
    create index workflow_signal_workflow on plinth.workflow_signal (workflow_id, number);
    create table plinth.workflow_nudge (
      position bigint generated always as identity primary key,
      workflow_id text not null
    );
    create table plinth.workflow_event_wait (
      event text not null,
      subject text not null,
      workflow_id text not null,
      place text not null,
      taken uuid[] not null,
      primary key (event, subject, workflow_id, place)
    );
    create index workflow_event_wait_workflow on plinth.workflow_event_wait (workflow_id)`,
  },
  { id: '0023_workflow_record', sql: recordFunction },
] as const
