/** The RNode host protocol: command bytes, constants and number forms, for the driver and the emulated modem alike. */

export const COMMAND = {
  data: 0x00,
  frequency: 0x01,
  bandwidth: 0x02,
  txPower: 0x03,
  spreadingFactor: 0x04,
  codingRate: 0x05,
  radioState: 0x06,
  radioLock: 0x07,
  detect: 0x08,
  leave: 0x0a,
  shortTermLock: 0x0b,
  longTermLock: 0x0c,
  ready: 0x0f,
  statRx: 0x21,
  statTx: 0x22,
  statRssi: 0x23,
  statSnr: 0x24,
  channelTime: 0x25,
  physical: 0x26,
  battery: 0x27,
  csma: 0x28,
  temperature: 0x29,
  blink: 0x30,
  random: 0x40,
  display: 0x41,
  framebuffer: 0x42,
  bluetooth: 0x46,
  board: 0x47,
  platform: 0x48,
  mcu: 0x49,
  firmwareVersion: 0x50,
  reset: 0x55,
  displayRead: 0x66,
  error: 0x90,
} as const

export const DETECT_REQUEST = 0x73
export const DETECT_REPLY = 0x46
export const LEAVE_VALUE = 0xff
export const RESET_VALUE = 0xf8
/** Asks a one-byte setting for its value. */
export const QUERY_U8 = 0xff
export const RADIO_OFF = 0x00
export const RADIO_ON = 0x01

export const ERROR = {
  init: 0x01,
  txFailed: 0x02,
  eepromLocked: 0x03,
  queueFull: 0x04,
  memoryLow: 0x05,
  modemTimeout: 0x06,
} as const

export const PLATFORM = { avr: 0x90, esp32: 0x80, nrf52: 0x70 } as const

/** Longest packet between host and modem: two LoRa frames without their firmware bytes. */
export const MAX_HOST_PACKET = 508
/** RSSI bytes count from here. */
export const RSSI_OFFSET_DBM = -157
/** SNR bytes are signed quarters of a dB. */
export const SNR_STEP_DB = 0.25
/** Airtime bytes and locks are percent times this. */
export const PERCENT_SCALE = 100

export function u16(value: number): Uint8Array {
  return new Uint8Array([value >>> 8, value])
}

export function u32(value: number): Uint8Array {
  return new Uint8Array([value >>> 24, value >>> 16, value >>> 8, value])
}

/** Big-endian number of up to four bytes; bytes beyond the end count as 0. */
export function readUint(bytes: Uint8Array, at: number, length: 1 | 2 | 4): number {
  let value = 0
  for (let i = 0; i < length; i++) value = value * 256 + (bytes[at + i] ?? 0)
  return value
}

export function platformName(platform: number): string {
  if (platform === PLATFORM.avr) return 'AVR'
  if (platform === PLATFORM.esp32) return 'ESP32'
  if (platform === PLATFORM.nrf52) return 'nRF52'
  return `platform 0x${platform.toString(16)}`
}
