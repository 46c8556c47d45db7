/**
 * Settings of pruning.
 *
 * @module
 */
import { CRITERIA } from "../../pruning/criteria.ts";
import { choice, names, number, orNull, share, stepPoint, whole } from "../kinds.ts";
import { group, setting, variants } from "../setting.ts";

const every = {
  label: "Mask changes every",
  help: "updates between changes of the mask: 100it or 1ep (default: 100it; set: 1ep)",
  flag: "--mask-every <point>",
} as const;

const end = {
  label: "Last mask change",
  unit: "of the training",
  help: "end of mask changes, as a share of training (default: 0.75; set: 1)",
  flag: "--mask-end <share>",
} as const;

const untilShare = number({ above: 0, most: 1 });

const replaced = setting(number({ above: 0, below: 1 }), {
  label: "Replaced by a mask change",
  unit: "of each layer",
  help: "share of each layer's weights that a change replaces (default: 0.3)",
  flag: "--mask-share <share>",
  default: 0.3,
});

const schedule = variants({
  /** The same share of the remaining weights in every round. */
  fixed: {
    fraction: setting(share(), {
      label: "Pruned per round",
      help: "share of the remaining weights that each round prunes",
      flag: "--prune <fraction>",
      selects: true,
      asked: number({ above: 0, below: 1 }),
      default: 0.2,
    }),
  },
  /** Sahu et al. 2022: p starts at `start`, and p^(1/alpha) follows p. */
  sahu: {
    start: setting(share(), {
      label: "Pruned in the first round",
      help: "share of the weights that the first round of lth-ecg prunes",
      default: 0.3,
    }),
    alpha: setting(number({ above: 1 }), {
      label: "Alpha",
      help: "how the share shrinks from round to round: by p^(1/alpha)",
      default: 1.1,
    }),
  },
  /** Once, straight to the target. */
  "one-shot": {},
  /** These change the mask during a single training; see pruning/mask_policies.ts. */
  gradual: {
    every: setting(stepPoint(), { ...every, default: "100it" }),
    begin: setting(share(), {
      label: "First mask change after",
      unit: "of the training",
      help: "share of training before gradual pruning begins (default: 0)",
      flag: "--mask-begin <share>",
      default: 0,
    }),
    end: setting(untilShare, { ...end, default: 0.75 }),
  },
  set: {
    every: setting(stepPoint(), { ...every, default: "1ep" }),
    share: replaced,
    end: setting(untilShare, { ...end, default: 1 }),
  },
  rigl: {
    every: setting(stepPoint(), { ...every, default: "100it" }),
    share: replaced,
    end: setting(untilShare, { ...end, default: 0.75 }),
  },
}, {
  label: "Pruning schedule",
  called: "pruning schedule",
  help: "how much each round prunes",
  default: "fixed",
});

export const pruning = group({
  rounds: setting(whole({ least: 0, most: 10_000 }), {
    label: "Pruning rounds, at most",
    help: "number of pruning rounds after the dense round",
    flag: "--rounds <n>",
    default: 23,
  }),
  target: setting(orNull(number({ above: 1 })), {
    label: "Target compression",
    unit: "×",
    help: "prune until this many times fewer weights are left",
    flag: "--target <theta>",
    default: null,
  }),
  schedule,
  criterion: setting(choice(CRITERIA), {
    label: "Criterion",
    help: "criterion that decides which weights are kept",
    flag: "--criterion <name>",
    default: "magnitude",
  }),
  keepLayers: setting(names("names of convolutions"), {
    label: "Layers never pruned",
    help: "layers that are never pruned, such as stem,head",
    flag: "--keep-layers <names>",
    default: [],
  }),
}, "pruning");
