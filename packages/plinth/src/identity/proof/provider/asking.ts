/** Owns what tests of a provider ask it by hand: what no honest program sends. */

import assert from 'node:assert/strict'
import { back, begin, officeSecret, type Provider, type person, program } from './stand.ts'

const form = { 'content-type': 'application/x-www-form-urlencoded' }

/** Somebody with an account and a session. */
export type Person = Awaited<ReturnType<typeof person>>

/** What was answered, as JSON. */
export interface Told {
  readonly status: number
  readonly told: Record<string, unknown>
  readonly headers: Headers
}

/** Sends a form. */
export async function post(
  { origin, headers = {} }: { origin: string; headers?: Record<string, string> },
  path: string,
  values: Readonly<Record<string, string>>,
): Promise<Told> {
  const body = new URLSearchParams(values).toString()
  const request = { method: 'POST', body, headers: { ...form, ...headers } }
  const response = await fetch(origin + path, request)
  const text = await response.text()
  const told = text === '' ? {} : (JSON.parse(text) as Record<string, unknown>)
  return { status: response.status, told, headers: response.headers }
}

/** An authorization that somebody has agreed to, and what its code is exchanged with. */
export async function codeOf(provider: Provider, person: Person, more = {}) {
  const config = await program(provider, 'ledger')
  const { url, verifier } = await begin(config, more)
  const code = (await person.authorize(url)).searchParams.get('code') ?? assert.fail('no code')
  const exchange = {
    ...{ grant_type: 'authorization_code', client_id: 'ledger', redirect_uri: back },
    ...{ code, code_verifier: verifier },
  }
  return { code, verifier, exchange }
}

/** The tokens of somebody for `ledger`. */
export async function tokensOf(provider: Provider, person: Person, more = {}): Promise<Tokens> {
  const { exchange } = await codeOf(provider, person, more)
  const { status, told } = await post(provider, '/oauth/token', exchange)
  assert.equal(status, 200, JSON.stringify(told))
  return told as unknown as Tokens
}

/** What a code is exchanged for. */
export interface Tokens {
  readonly access_token: string
  readonly refresh_token: string
  readonly id_token: string
}

/** Exchanges a refresh token. */
export function refresh(provider: Provider, token: unknown, more = {}): Promise<Told> {
  return post(provider, '/oauth/token', {
    ...{ grant_type: 'refresh_token', client_id: 'ledger', refresh_token: String(token) },
    ...more,
  })
}

/** Whether the API takes a token. */
export async function works(
  { origin }: { readonly origin: string },
  token: unknown,
): Promise<boolean> {
  const headers = { authorization: `Bearer ${String(token)}` }
  return (await fetch(`${origin}/api/notes`, { headers })).status === 200
}

/** How `office` proves who it is. */
export const officeProof = {
  authorization: `Basic ${Buffer.from(`office:${officeSecret}`).toString('base64')}`,
}

/** How many rows a table holds. */
export async function rowsOf({ running }: Provider, table: string): Promise<number> {
  const text = `select count(*) from ${table}`
  const { rows } = await running.runtime.database.query({ text, values: [] })
  return Number(rows[0]?.[0])
}
