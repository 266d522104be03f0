/** Owns who can reach a server: a development server that others can reach says so at its start. */

import { isLoopback } from '../../http/origin/hosts.ts'
import type { Config } from '../config/config.ts'

/** What decides about it. */
export type Exposure = Pick<Config, 'production' | 'host' | 'trustedProxies'>

/** True where only programs of this machine call, and none of them for somebody else. */
export function isLocal({ host, trustedProxies }: Omit<Exposure, 'production'>): boolean {
  return isLoopback(host) && trustedProxies === 0
}

/** The warning for a server in development mode that is reachable from elsewhere, with its cure. */
export function exposureOf(config: Exposure): string | undefined {
  if (config.production || isLocal(config)) return undefined
  const { host, trustedProxies } = config
  const why = isLoopback(host) ? `PLINTH_TRUSTED_PROXIES is ${trustedProxies}` : `HOST is ${host}`
  return (
    `This server is in development mode and can be reached from elsewhere (${why}): set ` +
    'NODE_ENV=production, or leave out HOST and PLINTH_TRUSTED_PROXIES to serve this machine alone.'
  )
}
