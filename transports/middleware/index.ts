/** Wrappers of any transport, for tests and diagnosis. */
export { withFaults, type FaultOptions } from './fault.ts'
export { pcapFileHeader, pcapRecord, withPcap, type PcapOptions } from './pcap.ts'
export { withTrace, type TraceEvent } from './trace.ts'
