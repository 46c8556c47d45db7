/**
 * The only rule which dense networks a network is compared with; comparison, run report and study use it.
 *
 * @module
 */

/** "equal": dense networks trained for as many epochs in total; "once": those that the network began with. */
export type ReferenceKind = "equal" | "once";

/** Dense networks of each kind, as sentences and tables call them. */
export const REFERENCE_NAMES: Readonly<Record<ReferenceKind, string>> = {
  equal: "dense of equal training",
  once: "dense",
};

/** The differences of a network that is not itself the dense one. */
export interface OfLater<Once, Equal> {
  readonly toDense: Once;
  /** null if no dense network was trained for as many epochs. */
  readonly toEqual: Equal | null;
}

/** The dense network that others are compared with has no difference to itself. */
export interface OfDense {
  readonly toDense: null;
  readonly toEqual: null;
}

/** The dense networks that decide about a network, by the difference to them. */
export type Reference<Once, Equal> =
  | { readonly kind: "equal"; readonly found: Equal }
  | { readonly kind: "once"; readonly found: Once };

/**
 * Dense networks of as many epochs decide, because a gain over one of fewer epochs may come from the epochs. If a
 * network has none, the dense networks that it began with decide.
 *
 * @returns null for those dense networks themselves.
 */
export function referenceOf<Once extends object, Equal extends object>(
  network: OfLater<Once, Equal>,
): Reference<Once, Equal>;
export function referenceOf<Once extends object, Equal extends object>(
  network: OfLater<Once, Equal> | OfDense,
): Reference<Once, Equal> | null;
export function referenceOf<Once extends object, Equal extends object>(
  { toDense, toEqual }: OfLater<Once, Equal> | OfDense,
): Reference<Once, Equal> | null {
  if (toDense === null) return null;
  return toEqual === null ? { kind: "once", found: toDense } : { kind: "equal", found: toEqual };
}

/**
 * The one kind for networks that share a sequence of tests or a picture: "equal" if any network has it. Networks
 * without a difference of that kind are not tested, or not drawn.
 */
export function commonKind(networks: Iterable<OfLater<object, object> | OfDense>): ReferenceKind {
  for (const network of networks) if (referenceOf(network)?.kind === "equal") return "equal";
  return "once";
}

/** The difference to dense networks of one kind; null if there is none. */
export function differenceTo<Once, Equal>(
  { toDense, toEqual }: OfLater<Once, Equal> | OfDense,
  kind: ReferenceKind,
): Once | Equal | null {
  return kind === "equal" ? toEqual : toDense;
}
