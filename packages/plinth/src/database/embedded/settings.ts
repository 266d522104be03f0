/** Owns the settings of the embedded server: durable, small, quiet. */

import { isSabotaged } from '../../base/failpoint.ts'

/** Where the server listens. */
export type Listening =
  | { readonly socketDirectory: string; readonly port: number }
  | { readonly loopbackPort: number }

/**
 * The server's settings as command line parameters. They are given at every start instead of
 * being written into the directory, so that a new version of Plinth brings its own.
 */
export function serverParameters(listening: Listening): readonly string[] {
  const parts = { ...durable, ...small, ...quiet, ...listeningSettings(listening) }
  const settings = { ...parts, ...sabotaged() }
  return Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
}

/** What was acknowledged survives a power cut. */
const durable = {
  fsync: 'on',
  full_page_writes: 'on',
  synchronous_commit: 'on',
  // The change stream and live queries decode the log.
  wal_level: 'logical',
  max_wal_senders: '4',
  max_replication_slots: '4',
  // A feed that stands still for longer than this much of the log is given up, not the disk.
  max_slot_wal_keep_size: '512MB',
}

/** What a test takes away, to see that its proof notices. */
function sabotaged(): Record<string, string> {
  return {
    ...(isSabotaged('fsync-off') ? { fsync: 'off' } : {}),
    ...(isSabotaged('asynchronous-commit') ? { synchronous_commit: 'off' } : {}),
  }
}

/** Everything together stays below 250 MB when idle. */
const small = {
  // Two server processes side by side, as in a restart, each with all of its connections.
  max_connections: '80',
  shared_buffers: '64MB',
  work_mem: '8MB',
  maintenance_work_mem: '64MB',
  wal_buffers: '4MB',
  max_wal_size: '512MB',
  min_wal_size: '80MB',
  max_worker_processes: '4',
  max_parallel_workers: '2',
  max_parallel_workers_per_gather: '1',
  max_logical_replication_workers: '0',
  autovacuum_max_workers: '2',
  io_workers: '1',
  jit: 'off',
  // Two that wait for each other are told so soon: one of them begins anew at once.
  deadlock_timeout: '50ms',
  // Single-row reads on a local disk: random pages cost little more than the next one.
  random_page_cost: '1.1',
  effective_cache_size: '1GB',
}

/**
 * LOG, FATAL and PANIC only: messages of failed statements would carry callers' values into the
 * log, and each of them reaches the code that ran the statement anyway.
 */
const quiet = {
  log_destination: 'stderr',
  logging_collector: 'off',
  log_min_messages: 'log',
  log_min_error_statement: 'panic',
  log_checkpoints: 'off',
  log_autovacuum_min_duration: '-1',
  log_temp_files: '-1',
  log_lock_waits: 'off',
  log_line_prefix: '%e ',
  lc_messages: 'C',
}

function listeningSettings(listening: Listening): Record<string, string> {
  if ('loopbackPort' in listening) {
    return { listen_addresses: '127.0.0.1', port: String(listening.loopbackPort) }
  }
  return {
    listen_addresses: '',
    unix_socket_directories: quoteListItem(listening.socketDirectory),
    unix_socket_permissions: '0700',
    port: String(listening.port),
  }
}

/** The setting is a list: a directory with a comma or a space stands in quotes. */
function quoteListItem(directory: string): string {
  return `"${directory.replaceAll('"', '""')}"`
}

/** True for a line of PostgreSQL's log that somebody should see. */
export function isProblem(line: string): boolean {
  if (/^\S+ (FATAL|PANIC): /.test(line)) {
    // 57P01 and 57P03: connections that a start or a stop turns away.
    return !/^57P0[13] /.test(line)
  }
  return /^\S+ LOG: .*(terminated by|not properly shut down|could not|failed|invalid)/.test(line)
}
