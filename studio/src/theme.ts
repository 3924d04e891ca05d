// How the Studio looks: its accent, its density, its type.
import { createTheme, type CSSVariablesResolver, defaultVariantColorsResolver, type MantineColorsTuple } from "@mantine/core";
import { languageNow } from "@/i18n/language";
import { say } from "@/i18n/texts";
import { partTexts } from "@/parts/texts";

// A petrol blue-green of our own; shade 7 on white and shade 4 on the dark ground both pass 4.5:1 as text.
const bench: MantineColorsTuple = [
  "#e6f6f6",
  "#d0eaeb",
  "#a3d4d6",
  "#72bcc0",
  "#4aa9ae",
  "#2f9ca2",
  "#1a8f96",
  "#0b6e75",
  "#065c62",
  "#004a50",
];

const slate: MantineColorsTuple = [
  "#f6f8fa",
  "#c9d1d9",
  "#b1bac4",
  "#8b949e",
  "#6e7681",
  "#373e47",
  "#262c36",
  "#1c2128",
  "#15191f",
  "#0f1216",
];

export const theme = createTheme({
  primaryColor: "bench",
  primaryShade: { light: 7, dark: 4 },
  autoContrast: true,
  // Mantine reckons the contrast with the light scheme's shade; a filled button of the dark one is light.
  variantColorResolver(input) {
    const found = defaultVariantColorsResolver(input);
    if (input.variant !== "filled") return found;
    const isBad = input.color === "red"; // its own shades are too light for white words
    return { ...found, color: "var(--b-on-fill)", ...(isBad ? { background: "var(--b-bad)", hover: "color-mix(in srgb, var(--b-bad) 88%, black)" } : {}) };
  },
  colors: { bench, dark: slate },
  fontFamily: '"Inter", "Segoe UI", system-ui, -apple-system, "Noto Sans", "DejaVu Sans", sans-serif',
  fontFamilyMonospace: 'ui-monospace, "Cascadia Code", "SF Mono", "Noto Sans Mono", "DejaVu Sans Mono", monospace',
  defaultRadius: 6,
  fontSizes: { xs: "0.75rem", sm: "0.8125rem", md: "0.875rem", lg: "1rem", xl: "1.125rem" },
  headings: {
    fontWeight: "600",
    sizes: {
      h1: { fontSize: "1.25rem", lineHeight: "1.4" },
      h2: { fontSize: "1rem", lineHeight: "1.4" },
      h3: { fontSize: "0.875rem", lineHeight: "1.4" },
    },
  },
  components: {
    Button: { defaultProps: { size: "xs" } },
    TextInput: { defaultProps: { size: "xs" } },
    PasswordInput: { defaultProps: { size: "xs" } },
    Select: { defaultProps: { size: "xs" } },
    Textarea: { defaultProps: { size: "xs" } },
    Checkbox: { defaultProps: { size: "xs" } },
    Switch: { defaultProps: { size: "xs" } },
    SegmentedControl: { defaultProps: { size: "xs" }, styles: { label: { paddingInline: 10 } } },
    Tooltip: { defaultProps: { openDelay: 300, events: { hover: true, focus: true, touch: true } } },
    // Its header is no banner of the page.
    Modal: { defaultProps: { centered: true, attributes: { header: { role: "presentation" } } } },
    // Notifications are drawn outside of every page; their button still needs a name, in the language of the moment.
    Notification: { defaultProps: () => ({ closeButtonProps: { "aria-label": say(languageNow(), partTexts[languageNow()].close) } }) },
    Menu: { defaultProps: { shadow: "md" } },
    ActionIcon: { defaultProps: { variant: "subtle", color: "gray" } },
  },
});

/** Names for the grounds and lines, so that style sheets say what a colour is for. */
export const variables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    "--b-ground": "#f7f8f9",
    "--b-panel": "#ffffff",
    "--b-line": "#e3e6e9",
    "--b-line-strong": "#cdd3d8",
    "--b-text": "#1b2127",
    "--b-faint": "#5a6570",
    "--b-hover": "#f0f3f5",
    "--b-chosen": "#e2f1f2",
    "--b-accent": "#0b6e75",
    "--b-on-fill": "#ffffff",
    "--b-good": "#2e8b57",
    "--b-bad": "#d1383d",
    "--b-busy": "#1f7ae0",
    "--b-waiting": "#c98a00",
    "--b-off": "#8b949e",
    "--b-mark": "#ffe08a",
    "--mantine-color-error": "#c62f34",
    "--mantine-color-text": "#1b2127",
    "--mantine-color-dimmed": "#5a6570",
    "--mantine-color-body": "#ffffff",
    "--mantine-color-placeholder": "#66717c",
  },
  dark: {
    "--b-ground": "#0f1216",
    "--b-panel": "#15191f",
    "--b-line": "#262c36",
    "--b-line-strong": "#373e47",
    "--b-text": "#d5dbe1",
    "--b-faint": "#98a2ad",
    "--b-hover": "#1c2128",
    "--b-chosen": "#12343a",
    "--b-accent": "#4fb3b8",
    "--b-on-fill": "#0f1216",
    "--b-good": "#4cc38a",
    "--b-bad": "#f2696e",
    "--b-busy": "#5aa9ff",
    "--b-waiting": "#e5b454",
    "--b-off": "#6e7681",
    "--b-mark": "#6b5310",
    "--mantine-color-error": "#f2696e",
    "--mantine-color-text": "#d5dbe1",
    "--mantine-color-dimmed": "#98a2ad",
    "--mantine-color-body": "#15191f",
    "--mantine-color-placeholder": "#8b949e",
  },
});
