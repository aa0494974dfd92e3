/** Bounds of the radio link layer, each with its reason and what is dropped when it is reached. */

/** Largest FMP frame presented to core: room for IPv6's 1280 + 77 and for a usual Ethernet-sized one. */
export const RADIO_MTU = 1500

/** Fragments of one frame; six bits of index. Below 29 bytes of payload a frame of `RADIO_MTU` does not fit. */
export const MAX_FRAGMENTS = 64

/** Stations kept; the one heard least recently with nothing in flight makes room. Few radios hear more. */
export const MAX_NEIGHBOURS = 64

/** Own indices kept per neighbour: current, previous, rekey under way, and one dual handshake. Oldest goes. */
export const MAX_INDICES_PER_NEIGHBOUR = 4

/** Frames under reassembly per sending channel; the sender keeps at most `WINDOW_FRAMES` open. Oldest goes. */
export const MAX_PARTIALS = 8

/** Finished tags remembered per channel against duplicates; far more than a sender may still repeat. Oldest goes. */
export const MAX_FINISHED = 64

/** Channels of named frames (handshakes) kept for senders; least recently used goes. */
export const MAX_NAMED_SOURCES = 64

/** Frames a sender may have unacknowledged on one channel: what one acknowledgement covers. */
export const WINDOW_FRAMES = 8

/** Fragments sent before an acknowledgement is asked: amortises the turnaround, bounds what a silent peer costs. */
export const BURST_FRAGMENTS = 12

/** Times one fragment is sent before its frame is reported lost: 0.2^5 is 0.03 % at 20 % loss. */
export const MAX_SENDS = 5

/** Unanswered requests in a row before everything in flight is reported lost: at 20 % loss 36 % go unanswered. */
export const MAX_SILENCES = 7

/** Frames queued per neighbour and in all; a higher class displaces the newest of a lower one, else `full`. */
export const MAX_QUEUED_PER_NEIGHBOUR = 32
export const MAX_QUEUED = 128

/** Acknowledgements a channel may draw without bringing a new fragment: stops a stranger from spending our airtime. */
export const ACK_ALLOWANCE = 8

/** Frames handed to the modem at once: it sends its queue as one burst, so priorities must live in the host. */
export const MODEM_DEPTH = 2

/** One more for acknowledgements: an RNode flushes its queue, so they leave with the burst instead of after the next wait. */
export const MODEM_DEPTH_FOR_ACKS: number = MODEM_DEPTH + 1
