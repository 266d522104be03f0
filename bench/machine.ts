/** Owns the facts about the machine and the versions that figures depend on. */

import { readFile } from 'node:fs/promises'
import { cpus, release, totalmem } from 'node:os'
import { join } from 'node:path'
import { isInstalled, run } from './processes.ts'
import { findPgbench } from './traffic/pgbench.ts'
import { root } from './world.ts'

/** One paragraph that says what the figures were measured on. */
export async function machineFacts(): Promise<string> {
  const processors = cpus()
  const pgbench = await findPgbench()
  const version = async (name: string): Promise<string> => {
    const text = await readFile(join(root, 'node_modules', name, 'package.json'), 'utf8')
    return String((JSON.parse(text) as { readonly version: unknown }).version)
  }
  const lines = [
    `${processors.length} × ${processors[0]?.model ?? 'unknown processor'}, ` +
      `${(totalmem() / 2 ** 30).toFixed(0)} GB, ${process.platform} ${release()}`,
    `Node ${process.versions.node}, fastify ${await version('fastify')}, ` +
      `pg ${await version('pg')}, TypeScript ${await version('typescript')}`,
    pgbench ? (await run(pgbench, ['--version'])).trim() : 'pgbench: not installed',
    `load: ${(await isInstalled('wrk')) ? 'wrk' : 'own client (wrk is not installed)'}; ` +
      'servers, PostgreSQL and load share the processors',
  ]
  return lines.join('\n')
}
