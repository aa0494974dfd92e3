#!/usr/bin/env node
import { demo } from '../demo/index.ts'

// Timers of the emulated modems may still be pending; everything that had to be said has been.
process.exit(await demo(process.argv.slice(2)))
