/** What the type check of the pages' modules is to know beside TypeScript's own description of browsers. */
interface Navigator {
  /** Chromium's, in GiB. */
  deviceMemory?: number;
}

interface Window {
  /** For tests and for curious people with a console. */
  roomd?: any;
  /** What early.js leaves to the page's script. */
  early?: any;
}

/** Events are listened for on elements here, so their targets are elements. */
interface EventTarget {
  isConnected?: boolean;
  closest?(selectors: string): any;
}
