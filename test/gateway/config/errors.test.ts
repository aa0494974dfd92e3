/** What an operator reads for each mistake in the file: file, line, key, what was found, what is allowed. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConfigError, interpret, problemLine } from '../../../gateway/config/index.ts'

const NPUB = 'npub1vdrucn4t2hpmwhsfzt02zyceev3cvp6r6q8930s7ecf0p0plgyfqgehc27'

/** Sentences for errors, in the order of the file. */
const ERRORS: readonly { readonly name: string; readonly text: string; readonly says: readonly string[] }[] =
  [
    {
      name: 'a tab',
      text: 'node:\n\tleaf_only: true\n',
      says: [
        'f.yaml:2: this line is indented with a tab; YAML allows only spaces, so replace the tab by spaces',
      ],
    },
    {
      name: 'a duplicate key',
      text: 'node:\n  leaf_only: true\n  leaf_only: false\n',
      says: ['f.yaml:3: the key `leaf_only` stands twice in the same section; keep one of them'],
    },
    {
      name: 'a value of the wrong form',
      text: 'tun:\n  enabled: maybe\n  mtu: 1000\n',
      says: [
        'f.yaml:2: tun.enabled is "maybe"; allowed: true or false',
        'f.yaml:3: tun.mtu is 1000; allowed: a whole number from 1280 to 65535 (bytes)',
      ],
    },
    {
      name: 'a value where a section belongs',
      text: 'node:\n  limits: 5\n',
      says: ['f.yaml:2: node.limits is 5; allowed: a section of keys'],
    },
    {
      name: 'a section where a list belongs',
      text: 'peers:\n  npub: x\n',
      says: ['f.yaml:2: peers is a section; allowed: a list, each entry starting with "- "'],
    },
    {
      name: 'a file that is no section',
      text: 'hello\n',
      says: ['f.yaml:1: the file is "hello"; allowed: a section of keys'],
    },
    {
      name: 'a rekey interval below the jitter',
      text: 'node:\n  rekey:\n    after_secs: 15\n',
      says: ['f.yaml:3: node.rekey.after_secs is 15; allowed: a whole number of at least 16 (s)'],
    },
    {
      name: 'a bad npub',
      text: 'peers:\n  - alias: a\n    npub: "npub1x"\n',
      says: [
        `f.yaml:3: peers[0].npub is "npub1x"; allowed: a peer's public key: npub1 and 58 characters, copied whole`,
      ],
    },
    {
      name: 'a secret is never quoted',
      text: 'node:\n  identity:\n    nsec: nsec1thisissecretbutwrong\n',
      says: [
        'f.yaml:3: node.identity.nsec is not that (the value is not shown); allowed: a secret key: nsec1... or 64 hex digits',
      ],
    },
    {
      name: 'a peer without a key, and one twice',
      text: `peers:\n  - alias: a\n  - npub: ${NPUB}\n  - npub: ${NPUB}\n`,
      says: [
        'f.yaml:2: peers[0].npub is missing; every peer needs its public key, npub1...',
        'f.yaml:4: peers[2] and peers[1] are the same peer; write its addresses in one entry',
      ],
    },
    {
      name: 'a mistyped transport of an address',
      text: `peers:\n  - npub: ${NPUB}\n    addresses:\n      - transport: upd\n        addr: 10.0.0.1:2121\n`,
      says: [
        'f.yaml:4: peers[0].addresses[0].transport is "upd"; allowed: udp, tcp, serial, lora, ethernet, tor, nym, ble; did you mean udp?',
      ],
    },
    {
      name: 'an address without a port',
      text: `transports:\n  udp:\npeers:\n  - npub: ${NPUB}\n    addresses:\n      - { transport: udp, addr: 10.0.0.1 }\n`,
      says: [
        'f.yaml:6: peers[0].addresses[0].addr is "10.0.0.1"; allowed: host:port, an IPv6 address in brackets',
      ],
    },
    {
      name: 'an instance that does not exist',
      text: `transports:\n  udp:\n    main: {}\npeers:\n  - npub: ${NPUB}\n    addresses:\n      - { transport: udp/backup, addr: "10.0.0.1:1" }\n`,
      says: ['f.yaml:7: peers[0].addresses[0].transport is "udp/backup", but there is main'],
    },
    {
      name: 'a radio without a port',
      text: 'transports:\n  lora:\n    region: EU868\n',
      says: [
        'f.yaml:2: transports.lora.port is missing; name the device, best by its path below /dev/serial/by-id/, or tcp://host:port',
      ],
    },
    {
      name: 'a region that does not exist',
      text: 'transports:\n  lora:\n    port: /dev/ttyUSB0\n    region: EU686\n',
      says: [
        'f.yaml:4: transports.lora: Region "EU686" is not known: use one of EU868, US915, AU915, AS923, or custom with its limits.',
      ],
    },
    {
      name: 'a frequency the region reserves',
      text: 'transports:\n  lora:\n    port: /dev/ttyUSB0\n    region: EU868\n    frequency_hz: 868650000\n',
      says: [
        'f.yaml:4: transports.lora: 868.65 MHz at 125 kHz reaches into 868.6-868.7 MHz, which EU868 reserves: choose another frequency.',
      ],
    },
    {
      name: 'one device for two transports',
      text: 'transports:\n  serial:\n    port: /dev/ttyUSB0\n  lora:\n    port: /dev/ttyUSB0\n    region: EU868\n',
      says: ['f.yaml:3: transports.serial and transports.lora both use /dev/ttyUSB0; give each its own'],
    },
  ]

for (const { name, text, says } of ERRORS) {
  test(`an error for ${name}`, () => {
    assert.throws(
      () => interpret([{ file: 'f.yaml', text }]),
      (error) => {
        assert.ok(error instanceof ConfigError)
        assert.deepEqual(error.message.split('\n'), says)
        assert.equal(error.exitCode, 3)
        return true
      },
    )
  })
}

const NOTES: readonly { readonly name: string; readonly text: string; readonly says: readonly string[] }[] = [
  {
    name: 'a mistyped key',
    text: 'transports:\n  lora:\n    port: /dev/ttyUSB0\n    region: EU868\n    spreadng_factor: 9\n',
    says: [
      'f.yaml:5: unknown key transports.lora.spreadng_factor is ignored; did you mean spreading_factor?',
    ],
  },
  {
    name: 'a key like no other',
    text: 'zebra: 1\n',
    says: ['f.yaml:1: unknown key zebra is ignored'],
  },
  {
    name: 'a radio without a region',
    text: 'transports:\n  lora:\n    port: /dev/ttyUSB0\n',
    says: [
      'f.yaml:2: transports.lora: no region is set, so the radio stays silent; set it to where the radio is, for example region: EU868',
    ],
  },
  {
    name: 'sections of the reference without effect here',
    text: 'transports:\n  ethernet:\n    interface: eth0\nnode:\n  buffers:\n    packet_channel: 4\n',
    says: [
      'f.yaml: accepted for the sake of other FIPS nodes, without effect here: transports.ethernet, node.buffers.packet_channel',
    ],
  },
  {
    name: 'an address on a medium that is not configured',
    text: `peers:\n  - npub: ${NPUB}\n    addresses:\n      - { transport: udp, addr: "10.0.0.1:2121" }\n`,
    says: [
      'f.yaml:4: peers[0].addresses[0] needs a udp transport, but none is configured under transports.udp',
    ],
  },
]

for (const { name, text, says } of NOTES) {
  test(`a note for ${name}`, () => {
    assert.deepEqual(interpret([{ file: 'f.yaml', text }]).notes.map(problemLine), says)
  })
}
