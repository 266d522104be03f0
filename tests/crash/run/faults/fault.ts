/** Owns what a fault is: it kills, freezes, cuts off or takes away something of a system. */

import type { Chance } from '../../harness/chance.ts'
import type { Server } from '../../harness/server.ts'
import type { System } from '../system.ts'

/** A fault: does it, and says what came of it. */
export interface Fault {
  readonly name: string
  /** How often it is drawn beside the others. */
  readonly weight: number
  /** Whether it can be done on this system. */
  readonly fits: (system: System) => boolean
  readonly strike: (struck: Struck) => Promise<Blow>
}

/** What a fault is done to. */
export interface Struck {
  readonly system: System
  /** A node that serves. */
  readonly node: Server
  readonly chance: Chance
}

/** What a fault came to. */
export interface Blow {
  /** How many processes died by force. */
  readonly killed: number
  /** False where there was nothing that it could strike. */
  readonly struck: boolean
}

/** So many died; none: it struck nothing. */
export function killed(count: number): Blow {
  return { killed: count, struck: count > 0 }
}

/** It struck, or not, and killed nobody. */
export function struck(did = true): Blow {
  return { killed: 0, struck: did }
}

export const always = (): boolean => true
export const embedded = ({ postgres }: System): boolean => postgres === undefined
export const whole = ({ postgres }: System): boolean => postgres !== undefined
