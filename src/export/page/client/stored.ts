/**
 * Operations as JSON inside the page: arrays of numbers are base64 of their little-endian bytes, as all
 * browsers' typed arrays are.
 *
 * @module
 */
import { fromBase64, toBase64 } from "../../../core/base64.ts";
import type { Operation } from "./engine.ts";

/** An operation whose arrays are text. */
export type StoredOperation = Readonly<Record<string, unknown>>;

/** As JSON takes it. */
export function storeOperation(operation: Operation): StoredOperation {
  return Object.fromEntries(
    Object.entries(operation).map(([key, value]) =>
      value instanceof Float32Array || value instanceof Uint32Array
        ? [key, toBase64(new Uint8Array(value.buffer, value.byteOffset, value.byteLength))]
        : [key, value]
    ),
  );
}

/** The operation again. */
export function loadOperation(stored: StoredOperation): Operation {
  const loaded = Object.entries(stored).map(([key, value]) => {
    if (typeof value !== "string" || key === "op") return [key, value];
    const { buffer } = fromBase64(value);
    const whole = key === "starts" || key === "places";
    return [key, whole ? new Uint32Array(buffer) : new Float32Array(buffer)];
  });
  return Object.fromEntries(loaded) as Operation;
}
