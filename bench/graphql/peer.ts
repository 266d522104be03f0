/** Owns PostGraphile as a peer: a process of its own, on the same database, without any rules. */

import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { pathToFileURL } from 'node:url'

type Make = (...given: unknown[]) => Record<string, (...given: unknown[]) => unknown>

const [, , folder = '', connectionString = '', ...schemas] = process.argv
const { resolve } = createRequire(pathToFileURL(`${folder}/`))

/** It is no dependency of ours, so nothing of it has a type here. */
async function load<T>(name: string): Promise<T> {
  return import(pathToFileURL(resolve(name)).href)
}

const { postgraphile } = await load<{ readonly postgraphile: Make }>('postgraphile')
const amber = await load<{ readonly PostGraphileAmberPreset: object }>('postgraphile/presets/amber')
const adaptor = await load<{ readonly makePgService: Make }>('postgraphile/adaptors/pg')
const { grafserv } = await load<{ readonly grafserv: object }>('postgraphile/grafserv/node')

const instance = postgraphile({
  extends: [amber.PostGraphileAmberPreset],
  pgServices: [adaptor.makePgService({ connectionString, schemas })],
  grafserv: { graphqlPath: '/graphql', websockets: false, graphiql: false },
})
const server = createServer()
const served = instance.createServ?.(grafserv) as { addTo(server: object): Promise<void> }
await served.addTo(server)
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo
  process.stdout.write(`{"address":"http://127.0.0.1:${port}"}\n`)
})
