/**
 * The parts of a schema of settings: entries, and the groups in which a configuration nests them. The types
 * of a configuration and of its flags follow from them.
 *
 * @module
 */
import { choice, type Kind } from "./kinds.ts";

/** Headings under which `--help` and reports show settings, in order. */
export const HEADINGS = {
  run: "Run",
  data: "Data",
  pruning: "Pruning",
  network: "Network",
  training: "Training",
  loss: "Loss",
  augmentation: "Augmentation of training records",
  evaluation: "Evaluation",
  device: "Device",
} as const;
export type Heading = keyof typeof HEADINGS;

/** A value that a command line names and that src/run reads from files. */
export type Reference = "weights" | "teachers" | "network";

/** Marks a value that follows from other settings; see config.ts. */
export const DEPENDS = Symbol("depends on other settings");

/** A value of a setting as an entry may write it. */
type Constant<T> = T extends readonly unknown[] ? Readonly<T> : T;

/** Everything about a setting besides its kind. */
export interface Entry<T> {
  /** Name in reports. */
  readonly label: string;
  /** Its line in `--help`. */
  readonly help: string;
  /** What a number counts, in the singular; reports put it after the value, before the unit. */
  readonly counts?: string;
  readonly unit?: string;
  /** Flag and the word for its value, such as "--epochs <n>"; a toggle has a second flag, `--no-...`. */
  readonly flag?: `--${string}`;
  /** The line in `--help` of a toggle's second flag. */
  readonly otherwise?: string;
  /** Value in a new run. An optional group always needs those of its entries that have no default. */
  readonly default?: Constant<T>;
  /** Value that an older file without this setting means. */
  readonly absent?: Constant<T> | typeof DEPENDS;
  /** Heading, if it is not the one of its group. */
  readonly heading?: Heading;
  /** Values that a command line accepts, if a file may hold more. */
  readonly asked?: Kind<string> | Kind<number>;
  readonly refers?: Reference;
  /** Set if its flag also chooses the variant that it belongs to. */
  readonly selects?: true;
  /** Whether a value changes nothing although it looks like a request. */
  nothing?(value: NoInfer<T>): boolean;
  /** Why a user cannot set it: what makes it. */
  readonly made?: string;
  /** Another setting of the group. If that one is given, this one has no effect and is not shown. */
  readonly replacedBy?: string;
}

/** One setting. */
export class Setting<T, E extends Entry<T> = Entry<T>> {
  readonly node = "setting";
  constructor(readonly kind: Kind<T>, readonly entry: E) {}
}

/** Settings under one name of a configuration. */
export class Group<F extends Fields> {
  readonly node = "group";
  constructor(readonly fields: F, readonly heading?: Heading) {}
}

/** Everything about an optional group besides its settings. */
export interface OptionalEntry {
  readonly heading?: Heading;
  /** A flag for all its settings in order, such as "--bursts <n,s>"; `help` is its line in `--help`. */
  readonly flag?: `--${string}`;
  readonly help?: string;
  /** What the group needs, by default the flag. It follows "Cannot use ... without" in the error. */
  readonly needs?: string;
  /** Why its settings need it: the end of that error. */
  readonly why: string;
}

/** A group that may be null as a whole. */
export class Optional<F extends Fields, E extends OptionalEntry = OptionalEntry> {
  readonly node = "optional";
  constructor(readonly fields: F, readonly entry: E) {}
}

/** A group whose `kind` decides which settings it has. */
export class Variants<
  V extends Readonly<Record<string, Fields>>,
  E extends Entry<string> = Entry<string>,
> {
  readonly node = "variants";
  readonly tag: Setting<string>;

  constructor(readonly variants: V, readonly entry: E & { readonly called: string }) {
    this.tag = new Setting<string>(choice(Object.keys(variants)), entry);
  }
}

export type Node =
  | Setting<unknown>
  | Group<Fields>
  | Optional<Fields>
  | Variants<Readonly<Record<string, Fields>>>;
export interface Fields {
  readonly [name: string]: Node;
}

/** A setting. */
export function setting<T, const E extends Entry<T>>(kind: Kind<T>, entry: E): Setting<T, E> {
  return new Setting(kind, entry);
}

/** Settings that belong together. */
export function group<F extends Fields>(fields: F, heading?: Heading): Group<F> {
  return new Group(fields, heading);
}

/** Makes a group that may be null as a whole. */
export function optional<F extends Fields, const E extends OptionalEntry>(
  fields: F,
  entry: E,
): Optional<F, E> {
  return new Optional(fields, entry);
}

/** Makes a group whose `kind` decides its settings. `called` is its name in messages. */
export function variants<
  V extends Readonly<Record<string, Fields>>,
  const E extends Entry<Extract<keyof V, string>> & { readonly called: string },
>(fields: V, entry: E): Variants<V, E> {
  return new Variants(fields, entry);
}

type Plain<T> = { [K in keyof T]: T[K] };

/** Type of a configuration's value at a node. */
export type ValueOf<N> = N extends Setting<infer T, infer _> ? T
  : N extends Group<infer F> ? ValuesOf<F>
  : N extends Optional<infer F, infer _> ? ValuesOf<F> | null
  : N extends Variants<infer V, infer _>
    ? { [K in keyof V]: Plain<{ kind: K } & ValuesOf<V[K]>> }[keyof V]
  : never;
type ValuesOf<F> = Plain<
  & { -readonly [K in Exclude<keyof F, LeftOut<F>>]: ValueOf<F[K]> }
  & { -readonly [K in LeftOut<F>]?: ValueOf<F[K]> }
>;
/** Names of fields that a configuration may leave out. */
type LeftOut<F> = {
  [K in keyof F]: F[K] extends Setting<infer T, infer _>
    ? unknown extends T ? never : undefined extends T ? K : never
    : never;
}[keyof F];

/** Names of fields that an older file may lack. */
type OldNames<F> = { [K in keyof F]: MayLack<F[K]> extends true ? K : never }[keyof F];
type MayLack<N> = N extends Optional<infer _, infer _E> ? true
  : N extends Setting<infer T, infer E>
    ? E extends { absent: unknown } ? true : undefined extends T ? true : false
  : N extends Group<infer F> ? [keyof F] extends [OldNames<F>] ? true : false
  : false;

/** Type of a file's value at a node: settings that older files lack can be left out. */
export type WrittenOf<N> = N extends Group<infer F> ? WrittenFields<F>
  : N extends Optional<infer F, infer _> ? WrittenFields<F> | null
  : ValueOf<N>;
type WrittenFields<F> = Plain<
  & { -readonly [K in Exclude<keyof F, OldNames<F>>]: WrittenOf<F[K]> }
  & { -readonly [K in OldNames<F>]?: WrittenOf<F[K]> | undefined }
>;

/** Some of the settings at a node, as a preset gives them. */
export type PatchOf<N> = N extends Group<infer F> ? { readonly [K in keyof F]?: PatchOf<F[K]> }
  : N extends Optional<infer F, infer _> ? { readonly [K in keyof F]?: PatchOf<F[K]> } | null
  : N extends Variants<infer V, infer _>
    ? { [K in keyof V]: { readonly kind?: K } & Partial<ValuesOf<V[K]>> }[keyof V]
  : ValueOf<N>;

type Camel<S> = S extends `${infer A}-${infer B}` ? `${A}${Capitalize<Camel<B>>}` : S;
/** "batchSize" of "--batch-size <n>". */
type KeyOf<S> = S extends `--${infer N} ${string}` ? Camel<N>
  : S extends `--${infer N}` ? Camel<N>
  : never;
/** "--x off" removes the optional group if the setting --x has no default. */
type Off<E> = E extends { default: unknown } ? never : null;

/** [key, value] of all flags below a node. */
type FlagPairs<N, InOptional extends boolean = false> = N extends Setting<infer T, infer E>
  ? E extends { flag: infer S } ? [
      KeyOf<S>,
      | (E extends { refers: unknown } ? string
        : E extends { asked: Kind<infer A> } ? A | Extract<T, null>
        : T)
      | (InOptional extends true ? Off<E> : never),
    ]
  : never
  : N extends Optional<infer F, infer E> ?
      | (E extends { flag: infer S } ? [KeyOf<S>, readonly number[] | null] : never)
      | FieldPairs<F, true>
  : N extends Group<infer F> ? FieldPairs<F>
  : N extends Variants<infer V, infer E> ?
      | (E extends { flag: infer S } ? [KeyOf<S>, keyof V] : never)
      | { [K in keyof V]: FieldPairs<V[K]> }[keyof V]
  : never;
type FieldPairs<F, InOptional extends boolean = false> = {
  [K in keyof F]: FlagPairs<F[K], InOptional>;
}[keyof F];

/** The values of flags below a node, by camel-case name; undefined where a flag was not given. */
export type FlagsOf<N> = {
  [P in Extract<FlagPairs<N>, readonly [string, unknown]> as P[0]]?: P[1] | undefined;
};
