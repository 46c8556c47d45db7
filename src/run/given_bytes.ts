/**
 * Numbers of bytes from the environment, in place of what the system reports.
 *
 * @module
 */
import process from "node:process";
import { UsageError } from "../core/errors.ts";

/** @returns null if the variable is not set. @throws {UsageError} If it is no number of bytes. */
export function givenBytes(variable: string): number | null {
  const text = process.env[variable] ?? "";
  if (text === "") return null;
  const bytes = Number(text);
  if (!(bytes >= 0)) {
    throw new UsageError(`${variable} must be a number of bytes such as 8e9, got ${text}`);
  }
  return bytes;
}
