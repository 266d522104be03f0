/** Owns noticing that the app's files were saved. */

import { type FSWatcher, watch } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { extname, join } from 'node:path'

const sources: ReadonlySet<string> = new Set(['.ts', '.mts', '.js', '.mjs', '.json'])
const quietMs = 60

/**
 * Calls back when sources under the folder were saved, once for a burst. Dependencies, what was
 * built (`dist`) and folders that start with a dot are left out: each folder is watched by itself,
 * because watching all of `node_modules` costs thousands of handles. Resolves once every folder is
 * watched, with the end of it: whoever reads the sources only then misses no save.
 */
export async function watchSources(folder: string, saved: () => void): Promise<() => void> {
  const watchers = new Map<string, FSWatcher>()
  let timer: NodeJS.Timeout | undefined
  let ended = false
  const changed = (path: string, name: string | null): void => {
    if (name !== null && !sources.has(extname(name))) {
      if (isOurs(name)) void add(join(path, name))
      return
    }
    clearTimeout(timer)
    timer = setTimeout(saved, quietMs)
  }
  const add = async (path: string): Promise<void> => {
    if (ended || watchers.has(path)) return
    const isFolder = await stat(path).then(
      (found) => found.isDirectory(),
      () => false,
    )
    if (!isFolder || ended || watchers.has(path)) return
    let watcher: FSWatcher
    try {
      watcher = watch(path, (_, name) => changed(path, name))
    } catch {
      return
    }
    watchers.set(path, watcher)
    watcher.on('error', () => {
      // The folder is gone. Should it come back, its parent says so.
      watcher.close()
      watchers.delete(path)
    })
    // Watched before it is read: what is put into it in between is seen by one of the two.
    const entries = await readdir(path, { withFileTypes: true }).catch(() => [])
    const folders = entries.filter((entry) => entry.isDirectory() && isOurs(entry.name))
    await Promise.all(folders.map(({ name }) => add(join(path, name))))
  }
  await add(folder)
  return () => {
    ended = true
    clearTimeout(timer)
    for (const watcher of watchers.values()) watcher.close()
  }
}

function isOurs(name: string): boolean {
  return !name.startsWith('.') && name !== 'node_modules' && name !== 'dist'
}
