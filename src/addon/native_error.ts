/**
 * Thrown if a native call cannot be done now: the object was disposed or its device closed, another run is
 * in progress, memory ran out, or the backend is not available.
 */
export class NativeError extends Error {
  override readonly name = "NativeError";
}

/** Whether a GPU or its driver failed. The message comes from CUDA and tells the operation and the reason. */
export function isDeviceFailure(error: unknown): error is NativeError {
  return error instanceof NativeError && error.message.startsWith("CUDA failed in ");
}
