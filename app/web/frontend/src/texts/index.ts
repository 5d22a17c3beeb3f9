import { de } from './de.js';
import { en, type Texts } from './en.js';

const catalogues: Record<string, Texts> = { en, de };

function chosen(): string {
  const asked = new URLSearchParams(location.search).get('lang');
  const wanted = [asked ?? '', ...navigator.languages].map((tag) => tag.slice(0, 2).toLowerCase());
  return wanted.find((language) => language in catalogues) ?? 'en';
}

export const language = chosen();

/** The words of the page, in the language of the address (`?lang=de`) or the browser. */
export const t: Texts = catalogues[language] ?? en;
