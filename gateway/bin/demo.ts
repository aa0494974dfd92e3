#!/usr/bin/env node
import { demo } from '../demo/index.ts'

process.exitCode = await demo(process.argv.slice(2))
