/** Our daemon and the node written in Rust with nothing between them but a TCP connection, dialled by either. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  DaemonNode,
  freeTcpPort,
  freeUdpPort,
  identityOf,
  reaches,
  rowOf,
  scratch,
  seen,
} from '../support/live-node.ts'
import { RustNode } from './rust-node.ts'
import { FULL_PAYLOAD, skipWithoutRust as skip } from './rust-pair.ts'

const [OURS, THEIRS] = [2, 1]

describe('a node written in Rust, over TCP', { skip, concurrency: 2 }, () => {
  for (const dialler of ['ours', 'theirs'] as const) {
    test(`links up, ${dialler} dialling, carries pings of every size, and is reached again after a kill`, async (t) => {
      const folder = scratch(t)
      const [oursAt, theirsAt] = [`127.0.0.1:${await freeTcpPort()}`, `127.0.0.1:${await freeTcpPort()}`]
      const peer = { npub: identityOf(THEIRS).npub, addresses: [{ transport: 'tcp', addr: theirsAt }] }
      const ours = await DaemonNode.run(t, {
        name: 'ours',
        seed: OURS,
        folder,
        config: { transports: { tcp: { bind_addr: oursAt } }, peers: dialler === 'ours' ? [peer] : [] },
      })
      const theirs = await RustNode.run(t, {
        name: 'theirs',
        seed: THEIRS,
        folder,
        udp: `127.0.0.1:${await freeUdpPort()}`,
        tcp: theirsAt,
        peers: dialler === 'theirs' ? [`${ours.identity.npub}@tcp:${oursAt}`] : [],
      })
      for (const payloadBytes of [56, FULL_PAYLOAD]) {
        await reaches(ours, theirs, payloadBytes)
        await reaches(theirs, ours, payloadBytes)
      }
      const row = await seen(ours, 'the link', 'show_peers', (data) =>
        rowOf(data, 'peers', 'node_addr', theirs.identity),
      )
      assert.equal(row['transport_type'], 'tcp')
      await theirs.stop('SIGKILL')
      await theirs.start()
      await reaches(ours, theirs)
      await reaches(theirs, ours)
    })
  }
})
