/** Owns telling processes apart: who is alive since when, so that a reused pid fools nobody. */

import { execFile } from 'node:child_process'
import { readFile, readlink } from 'node:fs/promises'
import { promisify } from 'node:util'

const execute = promisify(execFile)

/** True where a process of this number exists, whoever owns it. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

/**
 * A text that is the same for the whole life of a process and differs for the next one with the
 * same number. Undefined where there is no such process.
 */
export async function startOf(pid: number): Promise<string | undefined> {
  if (!isAlive(pid)) return undefined
  if (process.platform === 'linux') return linuxStart(pid)
  if (process.platform === 'win32') return windowsStart(pid)
  const listed = await execute('ps', ['-o', 'lstart=', '-p', String(pid)]).catch(() => undefined)
  return listed?.stdout.trim() || undefined
}

async function linuxStart(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined)
  if (stat === undefined) return undefined
  // The name in parentheses may hold spaces and parentheses: fields are counted after the last.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  // A zombie holds nothing any more, though its number is still taken.
  if (fields[0] === 'Z' || fields[0] === 'X') return undefined
  const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '')
  return `${fields[19]} ${boot.trim()}`
}

async function windowsStart(pid: number): Promise<string | undefined> {
  const command = `(Get-Process -Id ${pid}).StartTime.ToFileTimeUtc()`
  const listed = await execute('powershell.exe', ['-NoProfile', '-Command', command]).catch(
    () => undefined,
  )
  return listed?.stdout.trim() || undefined
}

/** True where the process is a PostgreSQL server on this data directory. */
export async function servesDirectory(pid: number, directory: string): Promise<boolean> {
  if ((await startOf(pid)) === undefined) return false
  if (process.platform === 'linux') {
    // The server's working directory is its data directory: nothing else says it as surely.
    return (await readlink(`/proc/${pid}/cwd`).catch(() => '')) === directory
  }
  if (process.platform === 'win32') return true
  const listed = await execute('ps', ['-o', 'command=', '-p', String(pid)]).catch(() => undefined)
  return listed?.stdout.includes('postgres') ?? false
}
