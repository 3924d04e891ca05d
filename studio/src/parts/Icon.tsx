// The icons of the Studio: strokes on a field of 24, drawn for it, so that nothing is fetched.
const PATHS = {
  home: "M4 11l8-7 8 7M6 9.5V20h12V9.5M10 20v-6h4v6",
  data: "M4 6c0-1.7 3.6-3 8-3s8 1.3 8 3-3.6 3-8 3-8-1.3-8-3zM4 6v6c0 1.7 3.6 3 8 3s8-1.3 8-3V6M4 12v6c0 1.7 3.6 3 8 3s8-1.3 8-3v-6",
  jobs: "M9 3h6M10 3v6l-5.2 9A2 2 0 0 0 6.500 21h11a2 2 0 0 0 1.700-3L14 9V3M7.500 15h9",
  models: "M12 3l8 4.500v9L12 21l-8-4.500v-9zM4 7.500l8 4.500 8-4.500M12 12v9",
  endpoints: "M12 12m-2.500 0a2.500 2.500 0 1 0 5 0a2.500 2.500 0 1 0-5 0M7.800 7.800a6 6 0 0 0 0 8.400M16.200 16.200a6 6 0 0 0 0-8.400M5 5a10 10 0 0 0 0 14M19 19a10 10 0 0 0 0-14",
  environments: "M12 3l9 5-9 5-9-5zM3 12.500l9 5 9-5M3 17l9 5 9-5",
  compute: "M7 7h10v10H7zM10 10h4v4h-4zM10 3v4M14 3v4M10 17v4M14 17v4M3 10h4M3 14h4M17 10h4M17 14h4",
  datastores: "M4 4h16v6H4zM4 14h16v6H4zM8 7h.01M8 17h.01M12 7h4M12 17h4",
  workspaces: "M4 4h7v7H4zM13 4h7v7h-7zM4 13h7v7H4zM13 13h7v7h-7z",
  settings: "M4 7h9M17 7h3M15 5v4M4 17h3M11 17h9M9 15v4M4 12h5M13 12h7M11 10v4",
  search: "M11 11m-7 0a7 7 0 1 0 14 0a7 7 0 1 0-14 0M16 16l5 5",
  sun: "M12 12m-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0M12 2v2M12 20v2M4.900 4.900l1.400 1.400M17.700 17.700l1.400 1.400M2 12h2M20 12h2M4.900 19.100l1.400-1.400M17.700 6.300l1.400-1.400",
  moon: "M20 14.500A8.500 8.500 0 1 1 9.500 4a7 7 0 0 0 10.500 10.500z",
  screen: "M3 4h18v12H3zM8 20h8M12 16v4",
  language: "M12 12m-9 0a9 9 0 1 0 18 0a9 9 0 1 0-18 0M3 12h18M12 3c2.500 2.600 3.800 5.600 3.800 9s-1.300 6.400-3.800 9c-2.500-2.600-3.800-5.600-3.800-9s1.300-6.400 3.800-9z",
  check: "M5 12.500l4.500 4.500L19 7",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  down: "M6 9l6 6 6-6",
  right: "M9 6l6 6-6 6",
  left: "M15 6l-6 6 6 6",
  up: "M6 15l6-6 6 6",
  arrowUp: "M12 19V5M6 11l6-6 6 6",
  arrowDown: "M12 5v14M6 13l6 6 6-6",
  plus: "M12 5v14M5 12h14",
  minus: "M5 12h14",
  close: "M6 6l12 12M18 6L6 18",
  edit: "M4 20l1-5L16 4l4 4L9 19zM13.500 6.500l4 4",
  trash: "M4 7h16M10 11v6M14 11v6M6 7l1 13h10l1-13M9 7V4h6v3",
  columns: "M4 4h16v16H4zM10 4v16M15 4v16",
  filter: "M4 5h16l-6 8v6l-4-2v-4z",
  bookmark: "M7 4h10v16l-5-4-5 4z",
  stop: "M7 7h10v10H7z",
  play: "M8 5l11 7-11 7z",
  download: "M12 4v11M7 11l5 5 5-5M4 20h16",
  upload: "M12 16V5M7 9l5-5 5 5M4 20h16",
  file: "M6 3h8l5 5v13H6zM14 3v5h5",
  folder: "M3 6h6l2 2h10v11H3z",
  warning: "M12 4l9.500 16h-19zM12 10v4M12 17h.01",
  info: "M12 12m-9 0a9 9 0 1 0 18 0a9 9 0 1 0-18 0M12 11v5M12 8h.01",
  terminal: "M4 5h16v14H4zM7 9l3 3-3 3M12 15h5",
  menu: "M4 7h16M4 12h16M4 17h16",
  more: "M5 12m-.800 0a.800 .800 0 1 0 1.600 0a.800 .800 0 1 0-1.600 0M12 12m-.800 0a.800 .800 0 1 0 1.600 0a.800 .800 0 1 0-1.600 0M19 12m-.800 0a.800 .800 0 1 0 1.600 0a.800 .800 0 1 0-1.600 0",
  refresh: "M20 11a8 8 0 0 0-14.500-3.500L4 9M4 4v5h5M4 13a8 8 0 0 0 14.500 3.500L20 15M20 20v-5h-5",
  image: "M4 5h16v14H4zM4 16l5-5 5 5 2-2 4 4M15 9h.01",
  chart: "M4 4v16h16M8 15l3-4 3 2 5-7",
  link: "M10 14a4 4 0 0 0 6 .500l3-3a4 4 0 0 0-6-6l-1 1M14 10a4 4 0 0 0-6-.500l-3 3a4 4 0 0 0 6 6l1-1",
  grip: "M9 6h.01M15 6h.01M9 12h.01M15 12h.01M9 18h.01M15 18h.01",
  leave: "M14 4H5v16h9M10 12h11M17 8l4 4-4 4",
} as const;

export type IconName = keyof typeof PATHS;

/** An icon for the eye only: what it means stands beside it, or is the label of its button. */
export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth={1.75}
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
      style={{ flex: "none" }}
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
