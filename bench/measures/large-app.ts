/** Owns the made-up app with many models that types and editors are measured on. */

import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { root } from '../world.ts'

/** How many kits it has. */
export const kitCount = 10

/** How many models each kit has. */
export const modelsPerKit = 20

/** What a project is written with. */
export interface Project {
  /** Texts by name. */
  readonly files: Readonly<Record<string, string>>
  /** The folder of a built Plinth. Default: its sources. */
  readonly plinth?: string
  /** Options of the compiler beside the usual ones. */
  readonly options?: object
}

/** Writes a project into a folder, with its modules linked. */
export async function writeProject(folder: string, project: Project): Promise<void> {
  const { files, plinth, options } = project
  const modules = join(folder, 'node_modules')
  await mkdir(modules, { recursive: true })
  await symlink(plinth ?? join(root, 'packages', 'plinth'), join(modules, 'plinth'))
  for (const name of ['@types', 'typescript', '@typescript']) {
    await symlink(join(root, 'node_modules', name), join(modules, name))
  }
  const compilerOptions = {
    target: 'esnext',
    module: 'nodenext',
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    allowImportingTsExtensions: true,
    ...(plinth === undefined ? { customConditions: ['source'] } : {}),
    types: ['node'],
    lib: ['esnext', 'esnext.date', 'dom'],
    ...{ erasableSyntaxOnly: true, verbatimModuleSyntax: true, exactOptionalPropertyTypes: true },
    ...options,
  }
  const config = { compilerOptions, include: ['*.ts'] }
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(config))
  await writeFile(join(folder, 'package.json'), '{"type":"module"}')
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
}

/** `kit0` to the last one. */
export function kitNames(): readonly string[] {
  return Array.from({ length: kitCount }, (_, kit) => `kit${kit}`)
}

/** The kits by file, each of which uses the one before it; `at` says how a kit is imported. */
export function kitTexts(
  at: (kit: string) => string = (kit) => `./${kit}.ts`,
): Readonly<Record<string, string>> {
  return Object.fromEntries(kitNames().map((name, kit) => [`${name}.ts`, kitText(kit, at)]))
}

function kitText(kit: number, at: (kit: string) => string): string {
  const models = Array.from({ length: modelsPerKit }, (_, at) => modelText(kit, at)).join('\n')
  const before = kit > 0 ? `import { kit${kit - 1} } from '${at(`kit${kit - 1}`)}'\n` : ''
  const uses = kit > 0 ? `identity, kit${kit - 1}` : 'identity'
  return `import { anyone, belongsTo, boolean, choice, decimal, email, hasMany, identity, instant,
  integer, json, kit, list, money, text } from 'plinth'
${before}
export const kit${kit} = kit('kit${kit}', {
  uses: [${uses}],
  models: {
${models}
  },
})
`
}

function modelText(kit: number, at: number): string {
  const name = `m${kit}x${at}`
  const next = `m${kit}x${(at + 1) % modelsPerKit}`
  const previous = `m${kit}x${(at + modelsPerKit - 1) % modelsPerKit}`
  const outside = kit > 0 ? `m${kit - 1}x${at}` : 'user'
  return `    ${name}: {
      fields: {
        name: text({ max: 80 }),
        address: email({ optional: true }),
        price: money('GBP', { min: 0 }),
        weight: decimal({ precision: 10, scale: 3, optional: true }),
        stock: integer({ min: 0, default: 0 }),
        state: choice(['open', 'paid', 'closed'], { default: 'open' }),
        published: boolean({ default: false }),
        placedAt: instant({ optional: true }),
        labels: list(text({ max: 20 }), { default: [] }),
        notes: json({ optional: true }),
        owner: belongsTo('user', { optional: true }),
        next: belongsTo('${next}', { optional: true }),
        outside: belongsTo('${outside}', { optional: true }),
        previous: hasMany('${previous}', { by: 'next' }),
      },
      access: {
        read: ({ row, me }) => row.published.or(row.ownerId.eq(me.id)).or(me.is('staff')),
        create: ({ me }) => me.signedIn,
        update: ({ row, me }) => row.next.ownerId.eq(me.id).or(row.state.eq('open')),
        delete: ({ row, me }) => row.previous.some((each) => each.ownerId.eq(me.id)),
        fields: { price: { read: ({ row }) => row.stock.gt(0) } },
      },
      indexes: [['state', 'placedAt']],
    },`
}
