/**
 * Where we deliberately decide otherwise than the reference (0.5.0-dev) did when the vectors were made. Each difference
 * has an entry of the same name in docs/differences.md, with its reason; each case listed here must differ, or its test
 * fails. Those without cases are about what the tables do not cover, and are tested where they are made.
 */
interface Cases {
  readonly file: string
  readonly group: string
  /** Names, steps or events of the cases. */
  readonly cases: readonly string[]
}

export const DIFFERENCES: Readonly<Record<string, readonly Cases[]>> = {
  'fresh-answer': [
    {
      file: 'link-decisions.json',
      group: 'inbound_msg1',
      cases: [
        'same epoch, session 29 s old',
        'same epoch, young session, no stored msg2',
        'same epoch, rekey disabled',
        'same epoch, no session',
        'same epoch, unhealthy link',
      ],
    },
  ],
  'several-pending': [
    {
      file: 'link-decisions.json',
      group: 'inbound_msg1',
      cases: ['same epoch, completed rekey waiting for cut-over', 'dual initiation while one is pending'],
    },
  ],
  'cut-over-by-use': [
    {
      file: 'link-decisions.json',
      group: 'rekey_policy',
      cases: ['pending session and none in progress: cut over at the next tick (either role)'],
    },
  ],
  'keys-by-index': [
    {
      file: 'node-level.json',
      group: 'link_key_epochs',
      cases: [
        'new keys but K not flipped: dropped',
        'the frame dropped before, again with K flipped',
        'new keys to the old index',
      ],
    },
  ],
  'no-drop-for-bad-frames': [
    {
      file: 'node-level.json',
      group: 'link_key_epochs: peer_removed',
      cases: ['same frame replayed again'],
    },
  ],
  'linked-not-limited': [],
  'session-at-both-ends': [],
  'session-cut-over-by-use': [
    {
      file: 'fsp.json',
      group: 'rekey_policy',
      cases: ['initiator cut-over timer elapsed'],
    },
  ],
  'session-answer-lifetime': [
    {
      file: 'fsp.json',
      group: 'rekey_policy',
      cases: ['responder handshake expired'],
    },
  ],
  'session-rekey-past-pending': [
    {
      file: 'fsp.json',
      group: 'rekey_policy',
      cases: ['responder never cuts over by timer'],
    },
  ],
  'root-among-eligible': [
    {
      file: 'stp.json',
      group: 'parent_selection',
      cases: [
        'smallest root only through a loop: nothing chosen although another root is eligible',
        'only peer of the smallest root is skipped: nothing chosen',
      ],
    },
  ],
  'unmeasured-better-root': [
    {
      file: 'stp.json',
      group: 'parent_selection',
      cases: ['costs known only for a peer on a worse root: no candidate'],
    },
  ],
  'loop-left-at-once': [
    {
      file: 'stp.json',
      group: 'parent_selection',
      cases: ['announce from the parent whose ancestry contains us'],
    },
    {
      file: 'node-level.json',
      group: 'tree_announce',
      cases: ["peer two's ancestry now contains us: loop, parent dropped"],
    },
  ],
  'better-root-at-once': [
    {
      file: 'stp.json',
      group: 'parent_selection',
      cases: [
        "parent's root got worse than another peer's",
        "parent's root got worse, deeper elsewhere, hysteresis",
      ],
    },
  ],
  'lookup-answers-asked-for': [
    {
      file: 'node-level.json',
      group: 'lookup_response_as_origin',
      cases: [
        'known target, an id we never sent: accepted',
        'same id again with other coordinates: accepted',
        'the first response replayed: accepted, coordinates go back',
        'coordinates that do not start with the target: accepted',
      ],
    },
  ],
  'second-choice': [
    {
      file: 'routing.json',
      group: 'next_hop',
      cases: ['tree fallback: best peer cannot send, no second choice'],
    },
  ],
  // Nothing recorded shows these.
  'shortest-way': [
    {
      file: 'routing.json',
      group: 'next_hop',
      cases: [
        'two hits: lower cost wins although farther',
        'unmeasured peer counts cost 1',
        'etx without rtt counts cost 1',
      ],
    },
  ],
  'detour-along-the-tree': [],
  'lookups-by-origin': [],
  'paths-that-were': [],
  'young-tree': [],
  'idle-session-reports': [],
  'no-filter-over-the-cap': [],
  'neighbours-without-filter': [],
  'depth-cap': [],
  'positions-by-trust': [],
  'turns-in-a-crowd': [],
  'copies-over-loss': [],
  'neighbour-budgets': [],
  'violators-go': [],
  'leaf-only': [],
  'on-demand': [],
}

/** The cases of a group in which we differ. */
export function differencesIn(file: string, group: string): ReadonlySet<string> {
  return new Set(
    Object.values(DIFFERENCES)
      .flat()
      .filter((listed) => listed.file === file && listed.group === group)
      .flatMap(({ cases }) => cases),
  )
}
