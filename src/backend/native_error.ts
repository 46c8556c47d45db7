/**
 * A native call that cannot be done now: the object was disposed or its device closed, a run is under
 * way, memory ran out, or the backend is not available.
 */
export class NativeError extends Error {
  override readonly name = "NativeError";
}
