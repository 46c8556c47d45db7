/// <reference lib="dom" />
/**
 * The theme (light, dark, or that of the system), and the colours that canvases take from the style sheet.
 *
 * @module
 */
import type { Palette } from "../charts/chart.ts";
import { find } from "./dom.ts";

const CHOICES = ["auto", "light", "dark"] as const;
const STORED = "lth-ecg-theme";

// Viridis from the dense round to the sparsest, without the end that is hard to see on the background.
const RAMP_LIGHT = "#440154 #482878 #3e4a89 #31688e #26828e #1f9e89 #35b779 #6ece58".split(" ");
const RAMP_DARK = "#fde725 #b5de2b #6ece58 #35b779 #25ac8b #2f99a3 #3f83b0 #5b6bb5".split(" ");

/** Wires the theme button; calls `changed` after every change of colours. */
export function setUpTheme(changed: () => void): void {
  const button = find("#theme");
  let choice = stored();
  const apply = () => {
    if (choice === "auto") delete document.documentElement.dataset["theme"];
    else document.documentElement.dataset["theme"] = choice;
    button.textContent =
      { auto: "Theme: system", light: "Theme: light", dark: "Theme: dark" }[choice];
  };
  apply();
  button.addEventListener("click", () => {
    choice = CHOICES[(CHOICES.indexOf(choice) + 1) % CHOICES.length] ?? "auto";
    apply();
    try {
      localStorage.setItem(STORED, choice);
    } catch {
      // Storage may be disabled; the choice is then lost when the page is closed.
    }
    changed();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", changed);
  // Printed pages always use the light theme.
  addEventListener("beforeprint", () => {
    document.documentElement.dataset["theme"] = "light";
    changed();
  });
  addEventListener("afterprint", () => {
    apply();
    changed();
  });
}

/** The current colours. */
export function palette(): Palette {
  const style = getComputedStyle(document.documentElement);
  const color = (name: string) => style.getPropertyValue(`--${name}`).trim();
  return {
    ink: color("ink"),
    muted: color("muted"),
    grid: color("grid"),
    accent: color("accent"),
    background: color("card"),
    series: ["c1", "c2", "c3", "c4", "c5", "c6"].map(color),
    ramp: style.colorScheme === "dark" ? RAMP_DARK : RAMP_LIGHT,
  };
}

function stored(): typeof CHOICES[number] {
  try {
    const value = localStorage.getItem(STORED);
    return CHOICES.find((choice) => choice === value) ?? "auto";
  } catch {
    return "auto";
  }
}
