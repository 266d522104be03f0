/** Owns two organisations of an app that is a provider, and a program that is let into them. */

import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { recordAccess } from '../../../../engine/records.ts'
import { type Person, post, type Tokens } from '../asking.ts'
import { back, begin, openProvider, type Provider, person, program } from '../stand.ts'

/** The app, somebody who works in two organisations, and a paper in each. */
export async function open(context: TestContext) {
  const provider = await openProvider(context, { offices: true })
  const { runtime } = provider.running
  const records = recordAccess(runtime, runtime.database)
  const across = { is: 'unrestricted', reason: 'proof', acrossOrganisations: true } as const
  const { paper } = provider.running.as(across) as unknown as Record<'paper', Papers>
  const ann = await person(provider)
  const found = async (name: string) => {
    const { id } = await records.create('organisation', { name, slug: name })
    const organisationId = String(id)
    await records.create('membership', { organisationId, userId: ann.id, role: 'clerk' })
    await paper.create({ organisationId, title: name })
    return organisationId
  }
  const [acme, bolt] = [await found('acme'), await found('bolt')]
  return { provider, ann, records, acme, bolt }
}

interface Papers {
  create(paper: object): Promise<unknown>
}

/** Who lets a program in, and where. */
export interface Asking {
  readonly provider: Provider
  readonly ann: Person
}

/** What `ledger` asks for. */
export const scope = 'openid paper.write'

/** What a program gets of an authorization, where its user chooses so. */
export async function granted(
  { provider, ann }: Asking,
  organisation: string | undefined,
  more: Readonly<Record<string, string>> = { prompt: 'consent' },
): Promise<Tokens> {
  const { url, verifier } = await begin(await program(provider, 'ledger'), { scope, ...more })
  const came = await ann.authorize(url, true, organisation)
  const code = came.searchParams.get('code') ?? assert.fail(came.href)
  return exchanged(provider, { code, verifier })
}

/** Exchanges a code for tokens. */
export async function exchanged(
  provider: Provider,
  { code, verifier }: { readonly code: string; readonly verifier: string },
): Promise<Tokens> {
  const { status, told } = await post(provider, '/oauth/token', {
    ...{ grant_type: 'authorization_code', client_id: 'ledger', redirect_uri: back },
    ...{ code, code_verifier: verifier },
  })
  assert.equal(status, 200, JSON.stringify(told))
  return told as unknown as Tokens
}

/** The papers that a token finds, by title; the code of its failure where it finds none. */
export async function papers({ origin }: Provider, token: string): Promise<string> {
  const headers = { authorization: `Bearer ${token}` }
  const answer = await fetch(`${origin}/api/papers`, { headers })
  const body = (await answer.json()) as { data?: { title: string }[]; code?: string }
  return body.data?.map(({ title }) => title).join(' ') ?? String(body.code)
}
