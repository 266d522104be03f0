/** Owns the internal tables of actions: what is limited by name, how long replies are kept. */

/** Steps of the schema `plinth`; a step once released is never changed. */
export const actionTables: readonly { readonly id: string; readonly sql: string }[] = Object.freeze(
  [
    {
      id: '0050_taking',
      sql: `create table plinth.taking (
        key text primary key,
        taken bigint not null,
        granted boolean not null,
        window_ends_at timestamp with time zone
      );
      create index taking_window_ends_at on plinth.taking (window_ends_at)
        where window_ends_at is not null`,
    },
    {
      id: '0051_idempotency_kept_until',
      sql: `alter table plinth.idempotency add column kept_until timestamp with time zone;
      update plinth.idempotency set kept_until = created_at + interval '24 hours';
      alter table plinth.idempotency alter column kept_until set not null;
      drop index plinth.idempotency_created_at;
      create index idempotency_kept_until on plinth.idempotency (kept_until)`,
    },
    {
      id: '0052_operation',
      sql: `create table plinth.operation (
        id uuid primary key,
        caller text not null,
        action text not null,
        input text not null,
        state text not null check (state in ('open', 'done', 'failed', 'cancelled')),
        result text,
        failure text,
        created_at timestamp with time zone not null,
        ended_at timestamp with time zone,
        kept_until timestamp with time zone not null
      );
      create index operation_kept_until on plinth.operation (kept_until)`,
    },
    {
      // By whose they are: work/queue/shared.ts shares out the places of later calls.
      id: '0053_operation_share',
      sql: `create index job_operation_share on plinth.job
        (split_part(key, '/', 1), run_at, position)
        where state = 'ready' and queue = 'plinth.action'`,
    },
  ],
)
