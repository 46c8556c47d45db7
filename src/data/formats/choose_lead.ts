/**
 * Chooses the lead of a file to read.
 *
 * @module
 */
import { BadRecord } from "../problem.ts";
import { plainName, sameName } from "./lead_name.ts";
import type { Lead } from "./signal_file.ts";
import { titleOf } from "./text_columns.ts";
import { isArbitrary, millivoltsIn } from "./units.ts";

/** Names of channels that are not an ECG. */
const NO_ECG =
  /^(hr|heart[ _]?rate|pulse|bpm|rr|ibi|ppg|pleth|spo2|resp|br|abp|art|cvp|pap|bp|nibp|acc|gyr|mag|[xyz]$|temp|batt|marker|label|annot|class|status|event|trig|quality|lead[ _-]?off|lo[+-]|et?co2|eeg|emg|eog|gsr|eda|imp)/i;
const ECG = /ecg|ekg/i;
const STANDARD_LEAD = "i";
const SHOWN = 16;

/** A lead, and the reason for it if the user did not name it. */
export interface ChosenLead {
  readonly lead: Lead;
  /** `lead I of 12`; null if the file has only one or a user named it. */
  readonly assumed: string | null;
}

/**
 * The lead that `asked` gives by name or number. Without `asked`: the only lead that can be an ECG, else lead
 * I, else the only lead that is called ECG.
 *
 * @throws {BadRecord} If this does not give exactly one lead; the message lists the leads.
 */
export function chooseLead(leads: readonly Lead[], asked: string | undefined): ChosenLead {
  if (asked !== undefined) return { lead: askedFor(leads, asked), assumed: null };
  const [first] = leads;
  if (first && leads.length === 1) return { lead: first, assumed: null };
  const possible = leads.filter(canBeEcg);
  const rules: [(lead: Lead) => boolean, string][] = [
    [() => true, "the only one that can be an ECG"],
    [({ name }) => plainName(name) === STANDARD_LEAD, "lead I by default"],
    [({ name }) => ECG.test(name), "the only one that is called ECG"],
  ];
  for (const [rule, why] of rules) {
    const found = possible.filter(rule);
    if (found.length !== 1) continue;
    return { lead: found[0]!, assumed: `${titled(found[0]!)} of ${leads.length}, ${why}` };
  }
  throw new BadRecord("several-leads", {
    fact: `it has ${listed(leads)}`,
    remedy: { kind: "choose-lead" },
  });
}

function askedFor(leads: readonly Lead[], asked: string): Lead {
  const { name } = titleOf(asked);
  const rules: ((lead: Lead) => boolean)[] = [
    (lead) => lead.name === asked.trim(),
    (lead) => sameName(lead.name, asked),
    (lead) => sameName(lead.name, name),
    (lead) => /^\d+$/.test(asked) && lead.number === Number(asked),
  ];
  for (const rule of rules) {
    const found = leads.filter(rule);
    if (found.length === 1) return found[0]!;
    if (found.length > 1) {
      throw new BadRecord("several-leads", {
        fact: `${found.length} of its leads are called ${JSON.stringify(asked)}`,
        remedy: { kind: "lead-number", number: found[0]!.number },
      });
    }
  }
  throw new BadRecord("no-lead", `it has no lead ${JSON.stringify(asked)}, but ${listed(leads)}`);
}

function canBeEcg({ name, unit }: Lead): boolean {
  const voltage = unit === null || isArbitrary(unit) || millivoltsIn(unit) !== null;
  return voltage && !NO_ECG.test(name.trim());
}

function listed(leads: readonly Lead[]): string {
  const names = leads.slice(0, SHOWN).map(({ name, number }) =>
    name === "" ? `${number}` : `${number} ${JSON.stringify(name)}`
  );
  const more = leads.length > SHOWN ? ` and ${leads.length - SHOWN} more` : "";
  return `the lead${leads.length === 1 ? "" : "s"} ${names.join(", ")}${more}`;
}

function titled({ name, number }: Lead): string {
  return name === "" ? `lead ${number}` : `lead ${JSON.stringify(name)}`;
}
