/** Owns a worker that holds its first job until it is killed. */

import { openDesk, stuck } from './world.ts'

stuck.holds = () => {
  process.stdout.write('held\n')
  return new Promise(() => undefined)
}
await openDesk(JSON.parse(process.argv[2] ?? ''), { work: 'on' })
