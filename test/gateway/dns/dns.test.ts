import assert from 'node:assert/strict'
import dgram from 'node:dgram'
import { once } from 'node:events'
import { test } from 'node:test'
import packet from 'dns-packet'
import * as fc from 'fast-check'
import { Identity, ipv6Of, npubOf, type PublicKey } from '../../../core/index.ts'
import { answerQuery, cameOverMesh, startDns } from '../../../gateway/dns/index.ts'
import { OperatorError } from '../../../gateway/errors.ts'
import { formatIpv6 } from '../../../gateway/ipv6/index.ts'

const NODE = Identity.fromSecret(new Uint8Array(32).fill(7))
const ADDRESS = formatIpv6(ipv6Of(NODE.nodeAddr))
const options = {
  ttl: 300,
  find: (name: string): PublicKey | undefined => (name === 'gate' ? NODE.publicKey : undefined),
}

type Asked = Pick<packet.Question, 'name'> & { readonly type?: string; readonly class?: packet.RecordClass }

function query(
  { name, type = 'AAAA', class: recordClass = 'IN' }: Asked,
  more: packet.Packet = {},
): Uint8Array {
  const question: packet.Question = { name, type: 'AAAA', class: recordClass }
  // The types of dns-packet leave out what it does handle: ANY and numbered types.
  Object.assign(question, { type })
  return packet.encode({ type: 'query', id: 77, flags: 0x0100, questions: [question], ...more })
}

function ask(asked: Asked): { rcode: string; answers: string[]; key: PublicKey | undefined; flags: number } {
  const answer = answerQuery(query(asked), options)
  assert.ok(answer)
  const decoded = packet.decode(Buffer.from(answer.response))
  assert.equal(decoded.id, 77)
  assert.equal(decoded.type, 'response')
  assert.equal(decoded.questions?.[0]?.name, asked.name)
  const answers = (decoded.answers ?? []).map((record) =>
    record.type === 'AAAA' ? `${record.name} ${record.ttl} ${record.data}` : record.type,
  )
  const flags = decoded.flags ?? 0
  const rcode = ['NOERROR', 'FORMERR', 'SERVFAIL', 'NXDOMAIN', 'NOTIMP', 'REFUSED'][flags & 15] ?? '?'
  return { rcode, answers, key: answer.publicKey, flags }
}

test('dns: an npub and a host name resolve to the address of the key, in any case', () => {
  const npub = npubOf(NODE.publicKey)
  for (const name of [`${npub}.fips`, `${npub.toUpperCase()}.FIPS`, 'gate.fips', 'GaTe.FiPs']) {
    const { rcode, answers, key, flags } = ask({ name })
    assert.deepEqual([rcode, answers], ['NOERROR', [`${name} 300 ${ADDRESS}`]])
    assert.deepEqual(key, NODE.publicKey)
    assert.equal(flags & 0x0500, 0x0500, 'authoritative, recursion desired copied')
  }
})

test('dns: other types of a name that exists are empty, of one that does not are denied', () => {
  for (const type of ['A', 'MX', 'SRV', 'TXT', 'UNKNOWN_65'])
    assert.deepEqual(ask({ name: 'gate.fips', type }), {
      rcode: 'NOERROR',
      answers: [],
      key: undefined,
      flags: 0x0500,
    })
  assert.equal(ask({ name: 'gate.fips', type: 'ANY' }).answers.length, 1)
  assert.equal(ask({ name: 'nobody.fips' }).rcode, 'NXDOMAIN')
  assert.equal(ask({ name: 'nobody.fips', type: 'A' }).rcode, 'NXDOMAIN')
  assert.equal(ask({ name: 'www.gate.fips' }).rcode, 'NXDOMAIN')
  assert.equal(ask({ name: `${npubOf(NODE.publicKey).slice(0, -1)}q.fips` }).rcode, 'NXDOMAIN')
  assert.deepEqual(ask({ name: 'fips' }), { rcode: 'NOERROR', answers: [], key: undefined, flags: 0x0500 })
})

test('dns: what is not ours is refused', () => {
  for (const name of ['example.org', 'fips.example', 'gatefips', 'gate'])
    assert.deepEqual(ask({ name }), { rcode: 'REFUSED', answers: [], key: undefined, flags: 0x0105 })
  assert.equal(ask({ name: 'gate.fips', class: 'CH' }).rcode, 'REFUSED')
})

test('dns: odd queries are answered by the book, and an answer is never answered', () => {
  const rcode = (bytes: Uint8Array): number | undefined => {
    const answer = answerQuery(bytes, options)
    return answer === undefined ? undefined : (packet.decode(Buffer.from(answer.response)).flags ?? 0) & 15
  }
  assert.equal(rcode(query({ name: 'gate.fips' }, { flags: 0x2800 })), 4)
  assert.equal(rcode(query({ name: 'gate.fips' }, { questions: [] })), 1)
  const twice: packet.Question = { name: 'gate.fips', type: 'AAAA' }
  assert.equal(rcode(query({ name: '' }, { questions: [twice, twice] })), 1)
  assert.equal(rcode(query({ name: 'gate.fips' }, { type: 'response' })), undefined)
  assert.equal(answerQuery(new Uint8Array(0), options), undefined)
  assert.equal(answerQuery(new Uint8Array(11), options), undefined)
})

test('dns: a client that speaks EDNS is told so do we', () => {
  const opt: packet.OptAnswer = {
    type: 'OPT',
    name: '.',
    udpPayloadSize: 4096,
    extendedRcode: 0,
    ednsVersion: 0,
    flags: 0,
    flag_do: false,
    options: [],
  }
  const answer = answerQuery(query({ name: 'gate.fips' }, { additionals: [opt] }), options)
  assert.ok(answer)
  assert.equal(packet.decode(Buffer.from(answer.response)).additionals?.[0]?.type, 'OPT')
})

test('dns: no bytes make it throw or answer at length', () => {
  const good = query({ name: 'gate.fips' })
  const damaged = fc
    .tuple(fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { maxLength: 4 }), fc.nat(good.length))
    .map(([changes, end]) => {
      const bytes = Uint8Array.from(good)
      for (const [at, value] of changes) bytes[at] = value
      return bytes.subarray(0, end)
    })
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 512 }), damaged), (bytes) => {
      const answer = answerQuery(bytes, options)
      assert.ok((answer?.response.length ?? 0) <= 1232)
    }),
    { seed: 9, numRuns: 3000 },
  )
})

test('dns: queries that came over the mesh are known by their source', () => {
  const entry = (
    address: string,
    cidr: string,
  ): NonNullable<ReturnType<typeof import('node:os').networkInterfaces>['lo']>[0] => ({
    address,
    cidr,
    netmask: '',
    family: 'IPv6',
    mac: '',
    internal: false,
    scopeid: 0,
  })
  const interfaces = () => ({
    lo: [entry('::1', '::1/128')],
    fips0: [entry('fd44::1', 'fd44::1/128')],
    eth0: [entry('fd12:3456:789a:1::5', 'fd12:3456:789a:1::5/64'), entry('fe80::2', 'fe80::2/64')],
  })
  const over = (source: string): boolean => cameOverMesh(source, 'fips0', interfaces)
  assert.equal(over('fd99::1'), true)
  assert.equal(over('fd12:3456:789a:2::9'), true)
  assert.equal(over('fd12:3456:789a:1::9'), false)
  assert.equal(over('fd44::1'), false)
  for (const source of ['::1', 'fe80::1%eth0', '127.0.0.1', '::ffff:192.0.2.1', '2001:db8::1'])
    assert.equal(over(source), false, source)
})

test('dns: the server answers on its socket after telling the key, ignores noise, and gives its port back', async () => {
  const told: PublicKey[] = []
  const server = await startDns({ port: 0, find: options.find, onIdentity: (key) => told.push(key) })
  const client = dgram.createSocket('udp6')
  client.send(Uint8Array.of(1, 2, 3), server.port, '::1')
  client.send(query({ name: 'gate.fips' }), server.port, '::1')
  const received: unknown[] = await once(client, 'message')
  const [message] = received
  assert.ok(Buffer.isBuffer(message))
  const [answer] = packet.decode(message).answers ?? []
  assert.ok(answer?.type === 'AAAA')
  assert.equal(answer.data, ADDRESS)
  assert.deepEqual(told, [NODE.publicKey])
  assert.deepEqual(server.stats, { queries: 2, answered: 1, malformed: 1, fromMesh: 0 })
  client.close()

  await assert.rejects(startDns({ port: server.port, find: options.find, onIdentity: () => {} }), (error) => {
    assert.ok(error instanceof OperatorError)
    assert.equal(error.kind, 'in-use')
    assert.match(error.message, /\[::1\]:\d+ is in use.*dns\.port/)
    return true
  })
  await server.close()
  await (await startDns({ port: server.port, find: options.find, onIdentity: () => {} })).close()
})
