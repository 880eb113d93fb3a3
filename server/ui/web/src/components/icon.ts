import { svg, html, type TemplateResult } from "lit"

const paths = {
  inbox: svg`<path d="M3 13h5l1.500 3h5l1.500-3h5"/><path d="M6 4h12l3 9v6a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1v-6z"/>`,
  clients: svg`<circle cx="9" cy="8" r="3.500"/><path d="M2.500 20c.5-4 3-6 6.500-6s6 2 6.500 6"/><path d="M16 4.800a3.500 3.500 0 0 1 0 6.400M18.500 14.500c1.800.9 2.800 2.700 3 5.500"/>`,
  activity: svg`<path d="M3 12h4l3-8 4 16 3-8h4"/>`,
  status: svg`<path d="M20 11a8 8 0 0 0-14.500-3.500L3 10M4 13a8 8 0 0 0 14.500 3.500L21 14"/><path d="M3 4v6h6M21 20v-6h-6"/>`,
  devices: svg`<rect x="2.500" y="4" width="13" height="10" rx="1.500"/><path d="M6 18h6"/><rect x="16.500" y="9" width="5" height="11" rx="1.200"/>`,
  policy: svg`<path d="M12 3l8 3v6c0 4.500-3.200 7.700-8 9-4.800-1.300-8-4.500-8-9V6z"/><path d="M9 12l2.200 2.200L15.500 10"/>`,
  integrations: svg`<path d="M9 7V3M15 7V3M6 7h12v4a6 6 0 0 1-12 0zM12 17v4"/>`,
  more: svg`<circle cx="5" cy="12" r="1"/><circle cx="12" cy="12" r="1"/><circle cx="19" cy="12" r="1"/>`,
  check: svg`<path d="M5 12.500l4.500 4.500L19 7.500"/>`,
  close: svg`<path d="M6 6l12 12M18 6L6 18"/>`,
  wait: svg`<circle cx="12" cy="12" r="8.500"/><path d="M12 7.500V12l3 2"/>`,
  offline: svg`<path d="M3 3l18 18M8.500 15.500a5 5 0 0 1 5.500-1M5 12a10 10 0 0 1 4-2.400M2 8.500A15 15 0 0 1 6 6M12.500 9a10 10 0 0 1 6.500 3M10 5.200A15 15 0 0 1 22 8.500"/><path d="M12 19h.01"/>`,
  search: svg`<circle cx="11" cy="11" r="6.500"/><path d="M16 16l4.500 4.500"/>`,
  history: svg`<path d="M3.500 12a8.500 8.500 0 1 0 2.500-6L3.500 8.500"/><path d="M3.500 3.500v5h5M12 7.500V12l3 2"/>`,
  back: svg`<path d="M19 12H5M11 6l-6 6 6 6"/>`,
  warning: svg`<path d="M12 4l9 16H3z"/><path d="M12 10v4M12 17h.01"/>`,
  signout: svg`<path d="M10 4H5a1 1 0 0 0-1 1v14a1 1 0 0 0 1 1h5M15 8l4 4-4 4M19 12H9"/>`,
  theme: svg`<circle cx="12" cy="12" r="8.500"/><path d="M12 3.500v17a8.500 8.500 0 0 0 0-17z" fill="currentColor"/>`,
  mail: svg`<rect x="3" y="5" width="18" height="14" rx="2"/><path d="M3.500 7l8.500 6 8.500-6"/>`,
  message: svg`<path d="M4 5h16a1 1 0 0 1 1 1v10a1 1 0 0 1-1 1h-8l-5 4v-4H4a1 1 0 0 1-1-1V6a1 1 0 0 1 1-1z"/>`,
  phone: svg`<path d="M6.500 3.500l3 .5 1 4-2 1.500a12 12 0 0 0 6 6l1.500-2 4 1 .5 3c0 1.500-1 2.500-2.500 2.500C10.500 20 4 13.500 4 6c0-1.500 1-2.500 2.500-2.500z"/>`,
  add: svg`<path d="M12 5v14M5 12h14"/>`,
}

export type IconName = keyof typeof paths

/** A line drawing in the colour of the text, without meaning of its own for who cannot see it. */
export function icon(name: IconName): TemplateResult {
  return html`<svg viewBox="0 0 24 24" width="20" height="20" fill="none" stroke="currentColor" stroke-width="1.75"
    stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">${paths[name]}</svg>`
}
