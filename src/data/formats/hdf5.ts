/**
 * Recognises MATLAB 7.3 files, which are HDF5, and refuses them.
 *
 * @module
 */
import { BadRecord } from "../problem.ts";
import { ascii } from "./bytes.ts";

const SIGNATURE = "\x89HDF\r\n\x1a\n";
/** HDF5's signature is at one of these offsets; the bytes before it belong to other programs. */
const PLACES = [0, 512, 1024, 2048];

/** Whether the file is HDF5, with MATLAB's header or without. */
export function isHdf5(bytes: Uint8Array): boolean {
  return ascii(bytes, 0, 10) === "MATLAB 7.3" ||
    PLACES.some((at) => ascii(bytes, at, SIGNATURE.length) === SIGNATURE);
}

/** @throws {BadRecord} Always; the message says how to convert the file. */
export function refuseHdf5(): never {
  throw new BadRecord(
    "unsupported",
    "it is a MATLAB 7.3 (HDF5) file: save it in MATLAB with save(file, '-v7'), or in Python with " +
      "scipy.io.savemat(file, {'val': signal}), where h5py.File(old)['val'][:].T is the signal",
  );
}
