/** Owns the bundling of a page's script, as an app's own build would do it. */

import { join } from 'node:path'
import { rolldown } from 'rolldown'

/** A script in one file, minified, and the modules that are in it. */
export interface Bundle {
  readonly code: string
  /** Paths below the root of the repository. */
  readonly modules: readonly string[]
}

const root = join(import.meta.dirname, '..', '..')

/** Bundles and minifies a script for browsers. */
export async function bundle(input: string): Promise<Bundle> {
  const build = await rolldown({
    input,
    platform: 'browser',
    resolve: { conditionNames: ['source', 'import', 'default'] },
    transform: { define: { 'process.env.NODE_ENV': '"production"' } },
    logLevel: 'silent',
  })
  const { output } = await build.generate({ format: 'esm', minify: true, codeSplitting: false })
  await build.close()
  const [chunk] = output
  const modules = chunk.moduleIds
    .filter((id) => !id.startsWith('\0'))
    .map((id) => id.replace(`${root}/`, ''))
  return { code: chunk.code, modules }
}
