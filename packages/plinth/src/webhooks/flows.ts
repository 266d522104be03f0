/** Owns the flows of webhooks as actions: add an endpoint, rotate, test, redeliver, replay. */

import { Failure, invalidInput } from '../base/failure.ts'
import { limits } from '../base/limits.ts'
import type { ActionInput, ActionOperation } from '../catalog/catalog.ts'
import type { Action, ActionScope, PlainRecord } from '../engine/runtime.ts'
import { demandPerson } from '../identity/accounts/person.ts'
import {
  choiceKind,
  instantKind,
  integerKind,
  type Kind,
  listKind,
  textKind,
  urlKind,
  uuidKind,
} from '../kinds/kinds.ts'
import type { Rotated } from './secrets.ts'
import type { SigningScheme } from './signature.ts'

/** An endpoint to be added. */
export interface NewEndpoint {
  readonly ownerId: string
  readonly url: string
  readonly scheme: SigningScheme
  readonly [option: string]: unknown
}

/** What the flows are carried out by. It asks for no rights: the flows have done that. */
export interface WebhookOffice {
  find(endpoint: string): Promise<PlainRecord | undefined>
  /** The endpoint of a delivery. */
  endpointOf(delivery: string): Promise<PlainRecord | undefined>
  /** Fails with `invalid_input` for an address that may not be called. */
  add(endpoint: NewEndpoint): Promise<Rotated['shown'] & { readonly id: string }>
  rotate(
    endpoint: string,
    options: { readonly scheme?: SigningScheme; readonly overlapMs?: number },
  ): Promise<Rotated['shown']>
  /** Returns the id of the delivery. */
  test(endpoint: string, traceId: string): Promise<string>
  redeliver(delivery: string, traceId: string): Promise<void>
  replay(range: ReplayRange, traceId: string): Promise<void>
}

/** Which deliveries begin again. */
export interface ReplayRange {
  readonly endpoint: string
  readonly from: string
  readonly to: string
  readonly only: 'dead' | 'all'
}

const hourMs = 3_600_000
const schemes = ['hmac', 'ed25519'] as const
const filterKind = textKind({
  max: 130,
  pattern: /^(?:\*|[a-z][a-zA-Z0-9]*\.(?:\*|[a-z][a-zA-Z0-9]*))$/,
})

/** All actions of webhooks. */
export function webhookActions(office: WebhookOffice): readonly Action[] {
  return [
    addEndpoint(office),
    rotateSecret(office),
    testEndpoint(office),
    redeliver(office),
    replay(office),
  ]
}

function addEndpoint(office: WebhookOffice): Action {
  return {
    operation: operation('addEndpoint', {
      path: 'add-endpoint',
      description:
        'Adds an endpoint of the caller. Answers with the secret that its messages are signed ' +
        'with; it is shown this once. With `ed25519` it answers with the public key.',
      input: [
        given('url', urlKind()),
        maybe('events', listKind(filterKind, { min: 1, max: 100 })),
        maybe('description', textKind({ max: 200 })),
        maybe('format', choiceKind(['standard', 'cloudevents'])),
        maybe('order', choiceKind(['any', 'fifo'])),
        maybe('concurrency', integerKind({ min: 1, max: 50 })),
        maybe('perMinute', integerKind({ min: 1, max: 100_000 })),
        maybe('scheme', choiceKind(schemes)),
      ],
    }),
    async run({ input, caller }) {
      const ownerId = demandUser(caller)
      const { scheme = 'hmac', ...fields } = givenOf<NewInput>(input)
      return { status: 201, value: await office.add({ ...fields, ownerId, scheme }) }
    },
  }
}

function rotateSecret(office: WebhookOffice): Action {
  return {
    operation: operation('rotateSecret', {
      path: 'rotate-secret',
      description:
        'Gives an endpoint a new secret, shown this once. The old one goes on to sign beside it ' +
        `for ${limits.webhookSecretOverlapHours} hours, or for \`overlapHours\`.`,
      input: [
        given('endpoint', uuidKind()),
        maybe('scheme', choiceKind(schemes)),
        maybe('overlapHours', integerKind({ min: 0, max: 720 })),
      ],
    }),
    async run(scope) {
      const { endpoint, scheme, overlapHours } = givenOf<RotateInput>(scope.input)
      await demandOwn(scope, office.find(endpoint))
      const shown = await office.rotate(endpoint, {
        ...(scheme === undefined ? {} : { scheme }),
        ...(overlapHours === undefined ? {} : { overlapMs: overlapHours * hourMs }),
      })
      return { status: 200, value: shown }
    },
  }
}

function testEndpoint(office: WebhookOffice): Action {
  return ofOwner('testEndpoint', {
    path: 'test-endpoint',
    description: 'Sends a `webhooks.test` message to an endpoint. Answers with its delivery.',
    names: 'endpoint',
    find: (endpoint) => office.find(endpoint),
    run: (endpoint, traceId) => office.test(endpoint, traceId),
  })
}

function redeliver(office: WebhookOffice): Action {
  return ofOwner('redeliver', {
    path: 'redeliver',
    description:
      'Begins a delivery again, with the same `webhook-id` and the same body; one that waits for ' +
      'its next attempt makes it at once.',
    names: 'delivery',
    find: (delivery) => office.endpointOf(delivery),
    async run(delivery, traceId) {
      await office.redeliver(delivery, traceId)
      return delivery
    },
  })
}

interface OfOwner {
  readonly path: string
  readonly description: string
  /** What the call names by its id. */
  readonly names: 'endpoint' | 'delivery'
  /** The endpoint whose owner may do it. */
  readonly find: (id: string) => Promise<PlainRecord | undefined>
  /** Returns the delivery that follows. */
  readonly run: (id: string, traceId: string) => Promise<string>
}

/** What an owner does with one endpoint or delivery, and a delivery comes of. */
function ofOwner(name: string, { path, description, names, find, run }: OfOwner): Action {
  return {
    operation: operation(name, { path, description, input: [given(names, uuidKind())] }),
    async run(scope) {
      const id = String(scope.input[names])
      await demandOwn(scope, find(id))
      return { status: 202, value: { delivery: await run(id, scope.call.traceId) } }
    },
  }
}

function replay(office: WebhookOffice): Action {
  return {
    operation: operation('replay', {
      path: 'replay',
      description:
        'Begins the deliveries of a range of time again: those that are `dead`, or `all`, which ' +
        'also sends events that happened while the endpoint was off.',
      input: [
        given('endpoint', uuidKind()),
        given('from', instantKind()),
        given('to', instantKind()),
        maybe('only', choiceKind(['dead', 'all'])),
      ],
    }),
    async run(scope) {
      const { only = 'dead', ...range } = givenOf<ReplayRange>(scope.input)
      await demandOwn(scope, office.find(range.endpoint))
      if (Date.parse(range.from) >= Date.parse(range.to)) {
        const detail = 'The end of the range must lie after its beginning.'
        throw invalidInput([{ pointer: '/to', code: 'out_of_range', detail }])
      }
      await office.replay({ ...range, only }, scope.call.traceId)
      return { status: 202, value: { ...range, only } }
    },
  }
}

interface NewInput {
  readonly url: string
  readonly scheme?: SigningScheme
}

interface RotateInput {
  readonly endpoint: string
  readonly scheme?: SigningScheme
  readonly overlapHours?: number
}

/** What was given: null is nothing. */
function givenOf<T>(input: ActionScope['input']): T {
  const given = Object.entries(input).filter(([, value]) => value !== null && value !== undefined)
  return Object.fromEntries(given) as T
}

/** An endpoint goes on after a session: neither a guest nor staff who acts as a user makes one. */
function demandUser(caller: ActionScope['caller']): string {
  return demandPerson(caller)
}

/** What is not the caller's is answered like what does not exist. */
async function demandOwn(
  { caller }: ActionScope,
  found: Promise<PlainRecord | undefined>,
): Promise<void> {
  if (caller.is === 'unrestricted') return
  const userId = demandUser(caller)
  const endpoint = await found
  const mayAll = caller.is === 'user' && caller.roles.has('admin')
  if (endpoint && (mayAll || endpoint.ownerId === userId)) return
  throw new Failure('not_found')
}

interface Described {
  readonly path: string
  readonly description: string
  readonly input: readonly ActionInput[]
}

function operation(name: string, { path, description, input }: Described): ActionOperation {
  return Object.freeze({
    ...{ name: `webhooks.${name}`, type: 'action', kit: 'webhooks', path, safe: false },
    input: new Map(input.map((one) => [one.name, one])),
    description,
  } as const)
}

function given(name: string, kind: Kind): ActionInput {
  return { name, kind, optional: false }
}

function maybe(name: string, kind: Kind): ActionInput {
  return { name, kind, optional: true }
}
