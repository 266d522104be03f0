/** Owns finding an app's file: the one that was named, or one of the usual names. */

import { stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { Failure } from '../../base/failure.ts'

const usualNames = ['app.ts', 'plinth.app.ts', 'app.js', 'src/app.ts']

/**
 * Finds the app's file: the given one, or the first of the usual names in the folder. Fails with
 * `usage`.
 */
export async function findAppFile(given: string | undefined, folder: string): Promise<string> {
  if (given === undefined) {
    for (const name of usualNames) if (await isFile(join(folder, name))) return join(folder, name)
    throw new Failure('usage', {
      detail:
        `There is no ${usualNames.slice(0, 2).join(' and no ')} in ${folder}. ` +
        'Name the file (plinth dev path/to/app.ts), or make an app with: plinth new my-app',
    })
  }
  const file = resolve(folder, given)
  if (await isFile(file)) return file
  const inside = await stat(file).then(
    (found) => found.isDirectory(),
    () => false,
  )
  if (inside) return findAppFile(undefined, file)
  throw new Failure('usage', { detail: `There is no file ${file}. Name the app's file.` })
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  )
}
