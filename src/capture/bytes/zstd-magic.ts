export const MAGIC = 0xfd2fb528;
/** 0x184d2a50 to 0x184d2a5f: frames of user data. */
export const MAGIC_SKIPPABLE = 0x184d2a5;

/** True when the four bytes at `at` begin a zstd frame or a skippable frame. */
export function isZstdMagic(bytes: Uint8Array, at: number): boolean {
  const magic = new DataView(bytes.buffer, bytes.byteOffset + at, 4).getUint32(0, true);
  return magic === MAGIC || magic >>> 4 === MAGIC_SKIPPABLE;
}
