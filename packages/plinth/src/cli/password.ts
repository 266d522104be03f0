/** Owns reading a password: without an echo from a terminal, or from a pipe. */

import { text } from 'node:stream/consumers'
import { Failure } from '../base/failure.ts'
import { tell, tellRaw } from './terminal.ts'

/** The first line of stdin. */
export async function readPasswordFromPipe(): Promise<string> {
  const [line = ''] = (await text(process.stdin)).split(/\r?\n/)
  if (line !== '') return line
  throw new Failure('usage', { detail: 'No password came: pipe it in, or leave --password-stdin.' })
}

/** Asks twice, without showing what is typed. */
export async function readPassword(): Promise<string> {
  const first = await readHidden('Password: ')
  if (first === '') return ''
  if (first === (await readHidden('Once more: '))) return first
  throw new Failure('usage', { detail: 'The two were not the same. Nothing was made: try again.' })
}

const enter = new Set(['\r', '\n', '\u0004'])
const erase = new Set(['\u007f', '\b'])

function readHidden(prompt: string): Promise<string> {
  const { stdin } = process
  tellRaw(prompt)
  stdin.setRawMode(true)
  stdin.setEncoding('utf8')
  stdin.resume()
  return new Promise((resolve, reject) => {
    let typed: readonly string[] = []
    const end = (): void => {
      stdin.off('data', onData)
      stdin.setRawMode(false)
      stdin.pause()
      tell()
    }
    const onData = (chunk: Buffer | string): void => {
      for (const character of String(chunk)) {
        if (enter.has(character)) {
          end()
          resolve(typed.join(''))
          return
        }
        if (character === '\u0003') {
          end()
          reject(new Failure('usage', { detail: 'Interrupted. Nothing was made.' }))
          return
        }
        typed = erase.has(character) ? typed.slice(0, -1) : [...typed, character]
      }
    }
    stdin.on('data', onData)
  })
}
