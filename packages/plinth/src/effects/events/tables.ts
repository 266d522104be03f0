/** Owns the tables of events: the log in partitions by day of expiry, handlers, subscriptions. */

/**
 * All events of a partition are forgotten together: it is dropped when its day has come. `seq` is
 * drawn when an event is stored; `position`, the dense order in which events became visible, is
 * given by one sequencer after the commit.
 */
export const eventTables = [
  {
    id: '0011_event',
    sql: `create sequence plinth.event_seq;
    create table plinth.event (
      seq bigint not null default nextval('plinth.event_seq'),
      position bigint,
      id uuid not null,
      type text not null,
      source text not null,
      subject text,
      time timestamp with time zone not null,
      data text not null,
      caller text not null,
      trace_id text not null,
      handlers text[] not null,
      expires_on date not null
    ) partition by range (expires_on);
    create table plinth.event_other partition of plinth.event default;
    create index event_unseen on plinth.event (seq) where position is null;
    create index event_position on plinth.event (position) where position is not null;
    create index event_subject on plinth.event (subject, type, seq) where subject is not null;
    create table plinth.event_head (
      one boolean primary key default true check (one),
      position bigint not null
    );
    insert into plinth.event_head (position) values (0);
    create table plinth.event_handler (
      name text primary key,
      type text not null,
      position bigint not null
    );
    create table plinth.event_subscription (
      name text primary key,
      position bigint not null,
      moved_at timestamp with time zone not null
    )`,
  },
  {
    // For replays that begin at a time.
    id: '0016_event_time',
    sql: 'create index event_time on plinth.event (time, seq)',
  },
  {
    // What retention has dropped, so that nobody who still asks for it is left in the belief that
    // nothing happened. What was dropped up to `accepted` was known when a subscription began.
    id: '0017_event_forgotten',
    sql: `create table plinth.event_forgotten (
      type text primary key,
      position bigint not null,
      time timestamp with time zone not null
    );
    alter table plinth.event_subscription add column accepted bigint not null default 0`,
  },
] as const
