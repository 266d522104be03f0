/** Owns the process of the supervisor's tests: a small worker, or a supervisor of such. */

import { readFileSync, writeSync } from 'node:fs'
import { sleep } from '../../base/time.ts'
import { HttpServer, type LogEntry } from '../../http/server.ts'
import { obeySignals } from './signals.ts'
import { Supervisor } from './supervisor.ts'
import { runWorker, type Service } from './worker-link.ts'

const [, path = '', role = '', moodPath = ''] = process.argv

function log(entry: LogEntry): void {
  writeSync(2, `${entry.message} ${String(entry.cause ?? '')}\n`)
}

/** Answers with its process id: `/slow` late, `/crash` and `/loop` never; `/late` throws later. */
async function serve(): Promise<Service> {
  // The file stands for the version of the code that is deployed.
  if (readFileSync(moodPath, 'utf8') === 'broken') throw new Error('the new version is broken')
  const server = new HttpServer({
    log,
    limits: { drainIdleMs: 1_500, drainTimeoutMs: 5_000 },
    handler: async (request) => {
      if (request.path === '/crash') process.kill(process.pid, 'SIGKILL')
      if (request.path === '/loop') for (;;) process.uptime()
      if (request.path === '/late') {
        setTimeout(() => {
          throw new Error('late')
        }, 5)
        void Promise.reject(new Error('unwatched'))
      }
      await sleep(request.path === '/slow' ? 800 : 2)
      return { status: 200, headers: { 'content-type': 'text/plain' }, body: String(process.pid) }
    },
  })
  return { server, stop: async () => undefined }
}

if (role === 'worker') await runWorker({ start: serve, log })

if (role === 'supervisor') {
  const worker = { path, args: ['worker', moodPath] }
  const supervisor = new Supervisor({ host: '127.0.0.1', port: 0, worker, log })
  const afterStop = async (): Promise<void> => void writeSync(1, 'stopped\n')
  obeySignals({ supervisor, log, afterStop })
  const { port } = await supervisor.start()
  writeSync(1, `${port} ${supervisor.workerProcessId}\n`)
}
