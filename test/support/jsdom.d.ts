/**
 * The part of jsdom that the tests use. @types/jsdom would bring the DOM's global types with it, which hide Node's own
 * (`fetch` without `duplex`, for one).
 */
declare module 'jsdom' {
  interface XmlElement {
    readonly textContent: string;
    getAttribute(name: string): string | null;
    querySelector(selector: string): XmlElement | null;
    querySelectorAll(selector: string): Iterable<XmlElement> & { readonly length: number };
  }

  export class JSDOM {
    constructor(html?: string);
    readonly window: {
      DOMParser: new () => { parseFromString(text: string, type: string): XmlElement & { readonly documentElement: XmlElement } };
    };
  }
}
