/** Owns the one check that must run on any Node: whether this is the release the sources need. */

const needed = 26
const [major = 0] = process.versions.node.split('.').map(Number)

if (major < needed) {
  process.stderr.write(
    `Plinth needs Node ${needed}; this is ${process.version} on ${process.platform}-${process.arch}.\n` +
      'npm ci installs it for Linux (glibc) x64 and arm64, macOS and Windows x64: run npm ci again,\n' +
      `without --omit=optional. On other platforms put Node ${needed} first on the PATH.\n`,
  )
  process.exitCode = 1
}
