/** Owns the reading of forms as browsers send them: urlencoded, UTF-8, each field once. */

import { Failure } from '../../base/failure.ts'
import { limits } from '../../base/limits.ts'
import type { HttpRequest } from '../message.ts'

/** The fields of a form, by name, as they were typed. */
export type FormValues = ReadonlyMap<string, string>

const typeForm = /^application\/x-www-form-urlencoded(?:; ?charset=(?:utf-8|"utf-8"))?$/i
const decoder = new TextDecoder('utf-8', { fatal: true })

/**
 * Reads the form of a request. What cannot be decoded is refused, never replaced: a password with
 * other letters than those that were typed would lock its owner out.
 *
 * @throws Failure `unsupported_media_type`, `malformed_body`, `body_too_large`.
 */
export async function readForm(request: HttpRequest): Promise<FormValues> {
  if (!typeForm.test(request.header('content-type') ?? '')) {
    throw new Failure('unsupported_media_type', {
      detail: 'Send the form as application/x-www-form-urlencoded, in UTF-8.',
    })
  }
  const encoding = request.header('content-encoding')
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    throw new Failure('unsupported_media_type', {
      detail: 'Send the form as it is, without Content-Encoding.',
    })
  }
  return valuesOf(await request.body())
}

/**
 * Reads one parameter of an address. One that is there twice, or cannot be decoded, is none: two
 * readers could disagree about it.
 */
export function readParameter(search: string, name: string): string | undefined {
  const found = search.split('&').filter((pair) => pair.startsWith(`${name}=`))
  const [only] = found
  if (only === undefined || found.length > 1) return undefined
  return decoded(only.slice(name.length + 1))
}

function valuesOf(bytes: Uint8Array): FormValues {
  const values = new Map<string, string>()
  const text = textOf(bytes)
  if (text === '') return values
  const pairs = text.split('&', limits.formFieldsMax + 1)
  if (pairs.length > limits.formFieldsMax) {
    throw malformed(`A form has at most ${limits.formFieldsMax} fields.`)
  }
  for (const pair of pairs) {
    const equals = pair.indexOf('=')
    const name = decoded(equals === -1 ? pair : pair.slice(0, equals))
    const value = equals === -1 ? '' : decoded(pair.slice(equals + 1))
    if (name === undefined || value === undefined) {
      throw malformed('The form is not UTF-8, percent-encoded.')
    }
    if (values.has(name)) throw malformed('A field of the form came twice.')
    values.set(name, value)
  }
  return values
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return undefined
  }
}

function textOf(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes)
  } catch (cause) {
    throw malformed('The form is not UTF-8.', cause)
  }
}

function malformed(detail: string, cause?: unknown): Failure {
  return new Failure('malformed_body', { detail, cause })
}
