/** Owns the tables of jobs: the jobs, the order of their keys, queues, workers, what they tell. */

import { endFunctions } from './ends.ts'
import { unfinishedTables } from './unfinished.ts'

const byAttempt = {
  column: 'attempt',
  type: 'integer',
  one: 'attempted',
  several: 'attempts',
} as const
const byClaim = { column: 'claim', type: 'bigint', one: 'token', several: 'tokens' } as const

/**
 * The states of a job. `delayed`: its time has not come. `waiting`: others of its key are before
 * it. `ready`: it can be claimed. `running`: a worker holds it. `retrying`: an attempt failed, and
 * it keeps its place in its key. `done`, `failed` (a dead letter) and `cancelled` are ends.
 *
 * Every index is partial, so that a claim never passes what is finished, delayed or waiting.
 */
export const jobTables = [
  {
    id: '0010_job',
    sql: `create table plinth.job (
      id uuid primary key with (fillfactor = 70),
      position bigint generated always as identity,
      name text not null,
      queue text not null,
      state text not null,
      priority integer not null,
      run_at timestamp with time zone not null,
      key text,
      dedupe text,
      input text not null,
      caller text not null,
      trace_id text not null,
      attempt integer not null default 0,
      worker integer,
      enqueued_at timestamp with time zone not null,
      started_at timestamp with time zone,
      finished_at timestamp with time zone,
      keep_until timestamp with time zone,
      effect_asked integer,
      effect_result text,
      error text
    ) with (fillfactor = 75, autovacuum_vacuum_scale_factor = 0.02,
      autovacuum_vacuum_threshold = 2000);
    create index job_ready on plinth.job (queue, priority desc, run_at, position)
      where state = 'ready';
    create index job_delayed on plinth.job (run_at) where state in ('delayed', 'retrying');
    create index job_waiting on plinth.job (queue, key, position) where state = 'waiting';
    create index job_turn on plinth.job (queue, key)
      where key is not null and state in ('ready', 'retrying', 'running');
    create index job_running on plinth.job (queue, worker) where state = 'running';
    create index job_kept on plinth.job (keep_until) where keep_until is not null;
    create index job_failed on plinth.job (finished_at) where state = 'failed';
    create unique index job_dedupe on plinth.job (name, dedupe)
      where dedupe is not null
        and state in ('ready', 'waiting', 'delayed', 'retrying', 'running');
    create table plinth.job_nudge (
      position bigint generated always as identity primary key,
      queue text not null,
      key text not null
    );
    create table plinth.job_progress (
      job uuid primary key,
      done double precision not null,
      note text,
      at timestamp with time zone not null
    );
    create table plinth.job_start (
      queue text not null,
      key text,
      at timestamp with time zone not null
    );
    create index job_start_at on plinth.job_start (queue, at);
    create index job_start_key on plinth.job_start (queue, key, at) where key is not null;
    create table plinth.queue (
      name text primary key,
      paused_at timestamp with time zone not null
    );
    create sequence plinth.worker_number as integer cycle;
    create table plinth.worker (
      number integer primary key,
      started_at timestamp with time zone not null,
      place text not null,
      beat integer not null default 0
    )`,
  },
  { id: '0012_job_ends', sql: endFunctions(byAttempt) },
  // Attempts begin anew where a job is retried, claims never do. Servers of an earlier version go
  // on beside this one with the functions above.
  {
    id: '0014_job_claim',
    sql: `alter table plinth.job add column claim bigint;
      create sequence plinth.job_claim`,
  },
  { id: '0015_job_claim_ends', sql: endFunctions(byClaim) },
  ...unfinishedTables,
] as const
