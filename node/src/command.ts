import { join } from 'node:path'
import { ConfigError } from './errors'
import { commandOf, find, own } from './platform'

/**
 * @internal The `nomkit` command: what `NOMKIT_CLI` names, or that of the package `nomkit-cli`, as this package, the
 * program or the working directory sees it; never one from PATH.
 */
export function command(): string {
  const named = process.env['NOMKIT_CLI']
  if (named) return named
  const cli = find('nomkit-cli/package.json', [...own(), join(process.cwd(), 'package.json')])
  if (cli === undefined) throw new ConfigError('The emulator is not installed. Run: npm install nomkit-cli')
  try {
    return commandOf(cli)
  } catch (error) {
    throw new ConfigError((error as Error).message)
  }
}
