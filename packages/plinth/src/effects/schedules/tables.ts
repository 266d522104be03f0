/** Owns the tables of schedules: how far each has come, and every tick that was fired. */

/** A tick is fired by whoever inserts its row: once, whatever the number of nodes and clocks. */
export const scheduleTables = [
  {
    id: '0013_schedule',
    sql: `create table plinth.schedule (
      name text primary key,
      after timestamp with time zone not null
    );
    create table plinth.schedule_tick (
      schedule text not null,
      tick timestamp with time zone not null,
      job uuid not null,
      primary key (schedule, tick)
    );
    create index schedule_tick_at on plinth.schedule_tick (tick)`,
  },
  {
    id: '0018_schedule_paused',
    sql: 'alter table plinth.schedule add column paused_at timestamp with time zone',
  },
] as const
