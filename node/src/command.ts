import { ConfigError } from './errors'

/** @internal The `nomkit` command: what `NOMKIT_CLI` names, or that of the package `nomkit-cli`; never one from PATH. */
export function command(): string {
  const named = process.env['NOMKIT_CLI']
  if (named) return named
  throw new ConfigError('The emulator is not installed. Run: npm install nomkit-cli')
}
