/** Owns the disk of a run: a file system in a file, from which the power can be cut. */

import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statfsSync } from 'node:fs'
import { join } from 'node:path'

const megabytes = 1_024

/** Why the power cannot be cut on this machine; undefined where it can. */
export function whyNoPowerCut(folder: string): string | undefined {
  if (process.platform !== 'linux') return 'loop mounts need Linux'
  if (process.getuid?.() !== 0) return 'loop mounts need root'
  try {
    const disk = new Disk(join(folder, 'trial'), 16)
    disk.remove()
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message.split('\n')[0] : String(error)
  }
}

/**
 * A file system in a file. What PostgreSQL has asked to be kept is in the file; what waits in the
 * memory of the kernel is not. So a copy of the file is what a cut of the power leaves behind.
 */
export class Disk {
  /** Where it is mounted. */
  readonly path: string
  readonly #image: string

  constructor(folder: string, sizeMegabytes = megabytes) {
    mkdirSync(folder, { recursive: true })
    this.path = join(folder, 'disk')
    this.#image = join(folder, 'disk.image')
    mkdirSync(this.path, { recursive: true })
    command('truncate', ['-s', `${sizeMegabytes}M`, this.#image])
    command('mkfs.ext4', ['-q', '-F', '-E', 'lazy_itable_init=0,lazy_journal_init=0', this.#image])
    this.#mount()
  }

  /**
   * Cuts the power: what had not reached the disk is gone. Everything that uses it must have been
   * killed before, all in one instant.
   */
  cutPower(): void {
    const left = `${this.#image}.left`
    // Before anything is unmounted: unmounting would write down what the cut must lose.
    command('cp', ['--sparse=always', this.#image, left])
    this.#unmount()
    renameSync(left, this.#image)
    this.#mount()
  }

  /** Writes down everything that is on its way: what happened until now is old. */
  settle(): void {
    command('sync', ['-f', this.path])
  }

  /** Leaves no room on it, not for a byte. */
  fill(): void {
    const ballast = join(this.path, 'ballast')
    // What a file system says it has left is not all of it: the last pieces are tried for.
    const { bavail, bsize } = statfsSync(this.path)
    for (let bytes = bavail * bsize, at = 0; bytes >= bsize; at++) {
      const words = ['-l', String(bytes), `${ballast}-${at}`]
      const { status } = spawnSync('fallocate', words)
      if (status !== 0) bytes = Math.floor(bytes / 2)
    }
  }

  /** Gives the room back. */
  free(): void {
    for (const name of readdirSync(this.path)) {
      if (name.startsWith('ballast-')) rmSync(join(this.path, name))
    }
  }

  /** Unmounts it and removes its file. */
  remove(): void {
    this.#unmount()
    rmSync(this.#image, { force: true })
  }

  #mount(): void {
    command('mount', ['-o', 'loop', this.#image, this.path])
  }

  #unmount(): void {
    if (existsSync(this.path)) command('umount', [this.path])
  }
}

function command(program: string, words: readonly string[]): void {
  const { status, stderr, error } = spawnSync(program, [...words], { encoding: 'utf8' })
  if (status === 0) return
  throw new Error(`${program} failed: ${error?.message ?? stderr.trim()}`)
}
