/** Owns the table of attacks by doors: which file proves each, or why a door has no part in it. */

/** Every door that an app has. */
export const doors = [
  ...(['REST', 'GraphQL', 'SSE', 'WebSocket', 'client', 'pages', 'direct'] as const),
] as const

/** A door. */
export type DoorName = (typeof doors)[number]

/** The path of a test file, or a reason in words. */
export type Cell = string

/** An attack, door by door. */
export type Row = Readonly<Record<DoorName, Cell>>

const byDoors = (name: string): string => `tests/identity/doors/${name}.test.ts`
const proof = (name: string): string => `packages/plinth/src/identity/proof/${name}.test.ts`
const pages = 'packages/plinth/src/pages/proof/attacks.test.ts'
const byPages = byDoors('pages/pages')
const live = byDoors('live')

const noFlow = 'Nothing is done by following it: E01 proves that no operation but a read is taken.'
const ownAddress = 'The protocol has addresses of its own, and no operation stands behind them.'
const noPage = 'No page does it.'
const calledWith = 'It is no way of HTTP: who calls directly says where from.'
const noWrite = 'A followed read writes nothing: E01 proves it.'

type Some = Partial<Row>

/** The same file for REST, GraphQL, the client and direct calls. */
function fourDoors(file: string, others: Pick<Row, 'SSE' | 'WebSocket' | 'pages'>): Row {
  return { REST: file, GraphQL: file, client: file, direct: file, ...others }
}

/** What live reads have no part in. */
function flows(file: string, page: Cell): Row {
  return fourDoors(file, { SSE: noFlow, WebSocket: noFlow, pages: page })
}

/** What live reads prove as well. */
function followed(file: string, page: Cell): Row {
  return fourDoors(file, { SSE: live, WebSocket: live, pages: page })
}

/** What stands at one address of a protocol, and on the pages beside it. */
function protocol(file: string, page: Cell, more: Some = {}): Row {
  const none = { GraphQL: ownAddress, SSE: ownAddress, WebSocket: ownAddress }
  return { REST: file, pages: page, client: ownAddress, direct: ownAddress, ...none, ...more }
}

/** What other providers answer: the browser brings it to a page, a program to an action. */
function broughtBack(): Row {
  return flows(byDoors('elsewhere/outside'), proof('outside/attacks'))
}

const guessing = byDoors('guessing')
const sessions = byDoors('sessions')
const byRights = byDoors('rights')
const store = 'examples/store/checkout/proof/doors.test.ts'
const storeRow: Row = {
  ...{ REST: store, GraphQL: store, client: store, SSE: noWrite, WebSocket: noWrite },
  pages: 'The account pages sell nothing.',
  direct: store,
}

/** Every attack of groups C, E and F. */
export const table: Readonly<Record<string, Row>> = {
  C01: flows(guessing, byPages),
  C02: flows(guessing, byPages),
  C03: {
    ...{ REST: byDoors('server'), GraphQL: byDoors('server'), client: byDoors('server') },
    ...{ SSE: 'It is the server of REST, before any door is asked.', WebSocket: live },
    ...{ pages: 'It is the server of REST, before any door is asked.', direct: calledWith },
  },
  C04: flows(guessing, byPages),
  C05: { ...flows(guessing, byPages), WebSocket: live },
  C06: flows(guessing, byPages),
  C07: flows(guessing, byPages),
  C08: flows(guessing, byPages),
  C09: flows(guessing, byPages),
  C10: flows(guessing, byPages),
  C11: followed(sessions, byPages),
  C12: followed(sessions, byPages),
  C13: followed(sessions, byPages),
  C14: flows(sessions, byPages),
  C15: flows(sessions, byPages),
  C16: flows(sessions, byPages),
  C17: followed(sessions, byPages),
  C18: broughtBack(),
  C19: broughtBack(),
  C20: broughtBack(),
  C21: {
    ...flows(byDoors('tokens'), byPages),
    ...{ SSE: byDoors('tokens'), WebSocket: byDoors('tokens') },
  },
  C22: protocol(proof('provider/attacks'), pages),
  C23: protocol(proof('provider/attacks'), 'Codes go to programs, not to pages.'),
  C24: protocol(proof('provider/attacks'), 'Tokens go to programs, not to pages.'),
  C25: broughtBack(),
  C26: {
    ...flows(byDoors('elsewhere/passkeys'), 'tests/pages/passkeys.test.ts'),
  },
  C27: protocol(proof('provider/devices'), proof('provider/pages')),
  C28: followed(sessions, 'packages/plinth/src/identity/proof/keys/keys.test.ts'),
  E01: followed(byRights, noPage),
  E02: followed(byRights, 'A page takes cookies alone: a wrong one is nobody.'),
  E03: followed(byRights, 'A page takes cookies alone, and says nothing of their holder.'),
  E04: { ...flows(byRights, noPage), SSE: noWrite, WebSocket: noWrite },
  F01: storeRow,
  F02: { ...flows(byRights, noPage), SSE: noWrite, WebSocket: noWrite },
  F03: storeRow,
  F04: storeRow,
  F05: storeRow,
  F06: { ...flows(byRights, noPage), SSE: noWrite, WebSocket: noWrite },
}
