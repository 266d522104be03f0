/** Owns the import matrix: which folder of the package may import which. */

/** What a folder may import beside itself. */
export interface Room {
  /** Folders. */
  readonly may: readonly string[]
  /** Folders of which only types may be imported. */
  readonly typesOf?: readonly string[]
  /** Runs in a browser too: no Node built-ins, no packages but those named here. */
  readonly portable?: true
  readonly packages?: readonly string[]
  /** No SQL text may stand here. */
  readonly plain?: true
}

const foundation = ['base', 'kinds', 'define', 'catalog', 'sql', 'database', 'access', 'query']
const core = [...foundation, 'effects', 'engine']
const door: Room = { may: ['base', 'kinds', 'catalog', 'engine', 'http'], plain: true }
const builtInKit: Room = { may: ['base', 'kinds', 'define'] }
const doors = ['http', 'rest', 'graphql', 'live', 'mcp', 'pages']
const kits = ['identity', 'files', 'mail', 'webhooks', 'audit']

/** The rooms of `packages/plinth/src`, from the foundation to the doors. */
export const matrix: Readonly<Record<string, Room>> = {
  base: { may: [], portable: true, plain: true },
  kinds: { may: ['base'], portable: true, plain: true },
  define: { may: ['base', 'kinds'], portable: true, plain: true },
  catalog: { may: ['base', 'kinds', 'define'], plain: true },
  sql: { may: ['base'] },
  database: { may: ['base', 'sql'] },
  access: { may: ['base', 'kinds', 'define', 'catalog', 'sql'] },
  // define: a rule travels from the catalog to access as an Expression; only its type is named.
  query: { may: ['base', 'kinds', 'catalog', 'sql', 'access'], typesOf: ['define'] },
  effects: { may: ['base', 'catalog', 'sql', 'database'] },
  engine: { may: [...foundation, 'effects'] },
  // outbound, mail, webhooks: what leaves is made and signed there; work says when, and stores.
  work: {
    may: [
      'base',
      'define',
      'catalog',
      'sql',
      'database',
      'effects',
      'engine',
      'outbound',
      'mail',
      'webhooks',
    ],
  },
  // The one client for addresses that others have chosen: every guard against SSRF lives here.
  outbound: { may: ['base'], plain: true },
  // catalog, engine: its flows are actions in the engine's form; what they call is handed in.
  identity: { ...builtInKit, typesOf: ['catalog', 'engine'] },
  files: builtInKit,
  // catalog, engine: its flows, as those of identity.
  mail: { ...builtInKit, typesOf: ['catalog', 'engine'] },
  // identity: an endpoint belongs to a user. catalog, engine: its flows, as those of identity.
  webhooks: { may: ['base', 'kinds', 'define', 'identity'], typesOf: ['catalog', 'engine'] },
  audit: builtInKit,
  // A room of its own: an app calls a provider from its workflows, and nothing of ours needs one.
  // webhooks: the sandbox signs its messages, and its client verifies them, as the standard says.
  payments: { may: [...builtInKit.may, 'webhooks'] },
  http: { may: ['base', 'engine'], plain: true },
  rest: door,
  graphql: door,
  live: door,
  mcp: door,
  // define: pages are written with its tag `html`, and an app declares their looks there.
  pages: { ...door, may: [...door.may, 'define'] },
  // access: a check and a formula are written by the same code as rules, so that they never differ.
  migrate: { may: ['base', 'kinds', 'catalog', 'sql', 'database', 'access'] },
  transfer: { may: [...foundation, 'engine'] },
  app: {
    may: [...core, 'work', 'outbound', ...kits, ...doors, 'migrate', 'transfer'],
    plain: true,
  },
  cli: { may: ['base', 'catalog', 'migrate', 'transfer', 'app'], plain: true },
  // react: for its hooks alone, an entry of their own; whoever does not import it needs no React.
  client: {
    may: ['base', 'kinds'],
    typesOf: ['define', 'catalog'],
    portable: true,
    packages: ['react'],
    plain: true,
  },
  testing: { may: ['base', 'client', 'app', 'database'], plain: true },
}

/** Where the package's sources live. */
export const sources = 'packages/plinth/src/'

/** The folder of the matrix in which a path lies; undefined outside the sources and for entries. */
export function roomOf(path: string): string | undefined {
  if (!path.startsWith(sources)) return undefined
  const parts = path.slice(sources.length).split('/')
  return parts.length > 1 ? parts[0] : undefined
}
