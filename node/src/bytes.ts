/** Bytes in memory, whichever realm made them: what `vm`, Jest and frames make is no instance of this realm's classes. */
import { types } from 'node:util'

/** Bytes in memory: a `Buffer`, any other view, or a whole buffer. */
export type Bytes = ArrayBufferView | ArrayBufferLike

/** @internal */
export function isBytes(value: unknown): value is Bytes {
  return ArrayBuffer.isView(value) || types.isAnyArrayBuffer(value)
}

/** @internal The bytes as they are, not a copy. */
export function view(bytes: Bytes): Uint8Array {
  if (types.isUint8Array(bytes)) return bytes
  return ArrayBuffer.isView(bytes)
    ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    : new Uint8Array(bytes)
}

/** @internal The same, as native code may take it: what other threads may change meanwhile is copied, up to `most`. */
export function unshared(bytes: Uint8Array, most = bytes.length): Uint8Array {
  return types.isSharedArrayBuffer(bytes.buffer) ? Uint8Array.prototype.slice.call(bytes, 0, most) : bytes
}
