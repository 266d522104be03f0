/** Owns the places that somebody is led on to: addresses of this app alone. */

import { localPlace } from '../base/web/local-place.ts'
import { readParameter } from '../http/form/read-form.ts'

/** The place that the query of an address leads on to. */
export function nextOf(search: string): string | undefined {
  return localPlace(readParameter(search, 'next'))
}

/** An address with parameters; undefined ones are left out. */
export function addressOf(
  path: string,
  parameters: Readonly<Record<string, string | undefined>>,
): string {
  const given = Object.entries(parameters).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${encodeURIComponent(value)}`],
  )
  return given.length === 0 ? path : `${path}?${given.join('&')}`
}
