/** CRC-16/X-25, the frame check of HDLC: polynomial 0x1021 reflected, start and final XOR 0xffff. */
const REFLECTED_POLYNOMIAL = 0x8408
const TABLE = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ REFLECTED_POLYNOMIAL : crc >>> 1
  return crc
})

/** Check value: `123456789` gives 0x906e. Finds every burst of up to 16 bits. */
export function crc16(bytes: Uint8Array): number {
  let crc = 0xffff
  for (const byte of bytes) crc = (crc >>> 8) ^ (TABLE[(crc ^ byte) & 0xff] ?? 0)
  return crc ^ 0xffff
}
