/** Owns what a run of these proofs takes from its command line. */

/** `--name=12`, or what is usual. */
export function argument(name: string, usual: number): number {
  const prefix = `--${name}=`
  const given = process.argv.find((each) => each.startsWith(prefix))
  return given === undefined ? usual : Number(given.slice(prefix.length))
}
