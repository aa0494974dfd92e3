/** Media that carry FMP frames. */
export * from './transport.ts'
