/** Owns long transactions: those of jobs that ask for more time than a call has. */

import { limits } from '../../base/limits.ts'
import type { Query } from '../../database/database.ts'

// The server's own limits are those of calls. One that is running is not made longer by another
// number (PostgreSQL 17 and later have it): it is ended first. All of it is evaluated, in this
// order, and no row comes back.
const longerText = `select 1 from (select
    case when current_setting('server_version_num')::integer < 170000 then ''
      else pg_catalog.set_config('transaction_timeout', '0', true)
        || pg_catalog.set_config('transaction_timeout', $1, true) end as whole,
    pg_catalog.set_config('idle_in_transaction_session_timeout', $2, true) as idle) as settings
  where settings.whole || settings.idle is null`

/** What is sent with BEGIN, so that the server lets a transaction take so long. */
export function longer(timeoutMs: number): readonly Query[] {
  const values = [String(timeoutMs), String(Math.min(timeoutMs, limits.jobStatementTimeoutMs))]
  return [{ name: 'plinth_longer', text: longerText, values }]
}
