/** Owns the internal tables of effects, as numbered steps that `migrate/` applies. */

import { actionTables } from './actions/tables.ts'
import { auditTables } from './audit.ts'
import { clockTables } from './clock.ts'
import { eventTables } from './events/tables.ts'
import { jobTables } from './jobs/tables.ts'
import { scheduleTables } from './schedules/tables.ts'
import { webhookTables } from './webhooks.ts'
import { workflowTables } from './workflows/tables.ts'

/** Steps of the schema `plinth`; a step once released is never changed. */
export const effectTables: readonly { readonly id: string; readonly sql: string }[] = Object.freeze(
  [
    {
      id: '0001_idempotency',
      sql: `create table plinth.idempotency (
        caller text not null,
        key text not null,
        fingerprint text not null,
        reply text not null,
        created_at timestamp with time zone not null,
        primary key (caller, key)
      );
      create index idempotency_created_at on plinth.idempotency (created_at)`,
    },
    {
      id: '0002_allowance',
      sql: `create table plinth.allowance (
        key text primary key,
        taken integer not null,
        window_ends_at timestamp with time zone not null
      );
      create index allowance_window_ends_at on plinth.allowance (window_ends_at)`,
    },
    {
      id: '0003_milestone',
      sql: `create table plinth.milestone (
        name text primary key,
        reached_at timestamp with time zone not null
      )`,
    },
    ...jobTables,
    ...webhookTables,
    ...eventTables,
    ...scheduleTables,
    ...workflowTables,
    ...auditTables,
    ...actionTables,
    ...clockTables,
  ],
)
