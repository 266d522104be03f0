/** Owns the two lanes of a database: one for reads, one for what is stored. */

import { limits as caps } from '../../base/limits.ts'
import type { DatabaseLimits } from '../database-limits.ts'
import { Lane } from './lane.ts'
import type { Connect } from './lines.ts'
import { Paces } from './paces.ts'

/** Reads: the quick ones share few connections, each slow one has its own. */
export function readingLane(limits: DatabaseLimits, connect: Connect): Lane {
  const { pipelineConnections, slowReadConnections, spareConnections } = limits
  return new Lane({
    connect,
    connections: pipelineConnections,
    connectionsAtOnce: pipelineConnections,
    connectionsMax: pipelineConnections + slowReadConnections + spareConnections,
    rowBytesTold: caps.quickReadBytes,
    depthMax: limits.quickReadsPerConnectionMax,
    loadMaxMs: limits.quickReadsLoadMs,
    aloneMax: slowReadConnections,
    heldPerCallerMax: limits.slowReadsPerCallerMax,
    ...waiting(limits),
    stuckLooksMax: 1,
    paces: new Paces(),
  })
}

/**
 * What is stored: more connections, so that one turn of the disk serves several, opened as they
 * are needed. Nothing of it may be sent twice, so what waits for a lock keeps those behind it.
 */
export function storingLane(limits: DatabaseLimits, connect: Connect): Lane {
  const { storingConnections, spareConnections } = limits
  return new Lane({
    connect,
    connections: storingConnections,
    connectionsAtOnce: 1,
    connectionsMax: storingConnections + spareConnections,
    rowBytesTold: Infinity,
    depthMax: limits.storesPerConnectionMax,
    loadMaxMs: Infinity,
    aloneMax: 0,
    heldPerCallerMax: limits.slowStoresPerCallerMax,
    ...waiting(limits),
    // A turn of a slow disk is nothing to conclude from.
    stuckLooksMax: 10,
  })
}

function waiting(limits: DatabaseLimits) {
  return {
    waitingMax: limits.statementsWaitingMax,
    waitingPerCallerMax: limits.statementsWaitingPerCallerMax,
    waitMs: limits.acquireTimeoutMs,
  }
}
