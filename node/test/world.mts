/** What tests stand on: an emulator for each file, which ends with it. */
import { Emulator, type EmulatorOptions, type Nomic } from 'nomkit'
import { after } from 'node:test'

/** An emulator whose agents are quick. */
export async function emulator(options: EmulatorOptions = {}): Promise<{ emulator: Emulator; nomic: Nomic }> {
  const emulator = await Emulator.start({ waiting: 10, running: 50, rates: false, ...options })
  after(() => emulator.stop())
  return { emulator, nomic: emulator.nomic() }
}
