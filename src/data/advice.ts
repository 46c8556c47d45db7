/**
 * What readers of recordings find, and what would help. A finding holds the fact and the kind of remedy; the
 * words for the remedy belong to the audience: options on the command line, fields on the page.
 *
 * @module
 */

/** A setting by which a user says how a recording is read. */
export type ReadingSetting = "rate" | "units" | "gain" | "baseline" | "lead" | "max-gap";

/** What a user can do about a finding. */
export type Remedy =
  | { readonly kind: keyof typeof PLAIN }
  | { readonly kind: "lead-number"; readonly number: number }
  | { readonly kind: "unit"; readonly unit: string };

/** A fact about a recording, without any advice in it. */
export interface Finding {
  readonly fact: string;
  /** What would help; absent if no setting does. */
  readonly remedy?: Remedy;
}

/** The words of an audience for a remedy. */
export type Adviser = (remedy: Remedy) => string;

/** How an audience calls the settings. */
export type Names = Readonly<Record<ReadingSetting, string>>;

/** Advice that needs only the names of settings. */
const PLAIN = {
  "choose-lead": ({ lead }) => `choose one with ${lead}`,
  "give-rate": ({ rate }) => `give ${rate} HZ`,
  "omit-rate": ({ rate }) => `leave out ${rate}`,
  "bridge-more": (names) => `${names["max-gap"]} bridges longer gaps`,
  "lead-or-unit": ({ lead, units }) => `choose another with ${lead}, or say its unit with ${units}`,
  "unit-or-gain": ({ units, gain }) => `say what its numbers are with ${units} or ${gain}`,
  "baseline": ({ baseline }) => `set the number that means 0 with ${baseline}`,
  "gain-and-baseline": ({ gain, baseline }) =>
    `set the numbers per mV with ${gain} and the number that means 0 with ${baseline}`,
  "another-lead": ({ lead }) => `${lead} chooses another`,
  "another-rate": ({ rate }) => `${rate} says another`,
  "another-gain": ({ gain }) => `${gain} says another`,
  "another-scale": ({ units, gain }) => `${units} or ${gain} says otherwise`,
} as const satisfies Record<string, (names: Names) => string>;

/** A remedy of each kind. */
export const REMEDIES: readonly Remedy[] = [
  ...(Object.keys(PLAIN) as (keyof typeof PLAIN)[]).map((kind) => ({ kind })),
  { kind: "lead-number", number: 2 },
  { kind: "unit", unit: "mV" },
];

/** The adviser of an audience. @param own Advice that this audience needs in words of its own. */
export function adviser(
  names: Names,
  own: Partial<Record<keyof typeof PLAIN, string>> = {},
): Adviser {
  return (remedy) => {
    switch (remedy.kind) {
      case "lead-number":
        return `choose one by number, ${names.lead} ${remedy.number}`;
      case "unit":
        return `if its numbers are ${remedy.unit}, say ${names.units} ${remedy.unit}`;
      default:
        return own[remedy.kind] ?? PLAIN[remedy.kind](names);
    }
  };
}

/** The advice of the command line. */
export const inOptions: Adviser = adviser({
  rate: "--rate",
  units: "--units",
  gain: "--gain",
  baseline: "--baseline",
  lead: "--lead",
  "max-gap": "--max-gap",
});

/** A finding as one clause: the fact, then the advice. */
function explain({ fact, remedy }: Finding, advise: Adviser): string {
  return remedy === undefined ? fact : `${fact}: ${advise(remedy)}`;
}

/** Findings in the words of an audience. */
export function explainAll(findings: readonly Finding[], advise: Adviser): string[] {
  return findings.map((finding) => explain(finding, advise));
}

/** Assumptions in the words of an audience: what was assumed, and in brackets what changes it. */
export function explainAssumed(assumed: readonly Finding[], advise: Adviser): string[] {
  return assumed.map(({ fact, remedy }) =>
    remedy === undefined ? fact : `${fact} (${advise(remedy)})`
  );
}
