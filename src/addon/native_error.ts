/**
 * A native call that cannot be done now: the object was disposed or its device closed, a run is under
 * way, memory ran out, or the backend is not available.
 */
export class NativeError extends Error {
  override readonly name = "NativeError";
}

/** Whether a GPU or its driver failed: the message, a sentence of CUDA's, says in what and why. */
export function isDeviceFailure(error: unknown): error is NativeError {
  return error instanceof NativeError && error.message.startsWith("CUDA failed in ");
}
