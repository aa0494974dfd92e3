/** Emulated modems for the demo, tests and whoever has no hardware. */
export { RadioIsland, type IslandCommand, type IslandOptions, type ModemPlace } from './island.ts'
export { serveOnTcp } from './serve.ts'
