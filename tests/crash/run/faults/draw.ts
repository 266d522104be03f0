/** Owns the choice of faults: by chance as their weights say, or by name. */

import type { Chance } from '../../harness/chance.ts'
import type { System } from '../system.ts'
import type { Fault } from './fault.ts'
import { processFaults } from './processes.ts'
import { surroundingFaults } from './surroundings.ts'

const faults: readonly Fault[] = [...processFaults, ...surroundingFaults]

/** Draws a fault that fits. */
export function drawFault(system: System, chance: Chance): Fault {
  const fitting = faults.filter((fault) => fault.fits(system))
  const weights = Object.fromEntries(fitting.map(({ name, weight }) => [name, weight]))
  return faultNamed(chance.weighted(weights))
}

/** The fault of a name. */
export function faultNamed(name: string): Fault {
  const found = faults.find((fault) => fault.name === name)
  if (found === undefined) throw new Error(`There is no fault ${name}.`)
  return found
}
