import { html } from 'lit';

import { pieces } from './log.js';

/** Renders a text whose titles stand between isolates, each in its own direction. */
export function withTitles(text: string) {
  return pieces(text).map((piece, place) => (place % 2 ? html`<bdi>${piece}</bdi>` : html`<span>${piece}</span>`));
}
