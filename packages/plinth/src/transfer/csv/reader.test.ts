/** Tests that files are read at the consumer's speed and in constant memory. */

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { readCsv } from './reader.ts'
import { fileSource, memorySource } from './source.ts'

const line = '536365;85123A;"WHITE ""HANGING"" HEART";6;1/12/2010 08:26;2,55;17850;United Kingdom\n'

test('the next piece is read only when it is asked for', async () => {
  let opened = 0
  const source = {
    ...memorySource('slow', new Uint8Array()),
    async *open() {
      for (; opened < 100; opened += 1) yield Buffer.from(line)
    },
  }
  for await (const batch of readCsv(source, { encoding: 'utf-8', separator: ';' })) {
    if (batch.records.length > 0) break
  }
  assert.ok(opened <= 2, `${opened} pieces were read for one batch`)
})

test('a file that cannot be imported is a failure that says why', async () => {
  await assert.rejects(fileSource('/does/not/exist.csv'), /cannot be read/)
  await assert.rejects(fileSource(tmpdir()), /not a regular file/)
})

test('a million lines are read in constant memory', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'plinth-csv-'))
  try {
    const path = join(folder, 'big.csv')
    await writeFile(path, line.repeat(1_000_000))
    const program = `
      import { fileSource } from ${JSON.stringify(import.meta.resolve('./source.ts'))}
      import { readCsv } from ${JSON.stringify(import.meta.resolve('./reader.ts'))}
      let count = 0
      const source = await fileSource(${JSON.stringify(path)})
      for await (const { records } of readCsv(source, { encoding: 'utf-8', separator: ';' })) {
        count += records.length
      }
      process.stdout.write(JSON.stringify({ count, kilobytes: process.resourceUsage().maxRSS }))`
    const arguments_ = [
      '--max-old-space-size=32',
      '--max-semi-space-size=8',
      '--input-type=module',
      '--eval',
      program,
    ]
    const child = spawnSync(process.execPath, arguments_, { encoding: 'utf8', timeout: 60_000 })
    const result = JSON.parse(child.stdout) as { count: number; kilobytes: number }
    assert.equal(result.count, 1_000_000)
    // The heap is capped far below the file's 84 MB; what is beyond it must not grow either.
    assert.ok(result.kilobytes < 200_000, `${result.kilobytes} kB`)
  } finally {
    await rm(folder, { recursive: true })
  }
})
