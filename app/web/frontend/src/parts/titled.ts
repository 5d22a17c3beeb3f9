import { css, html } from 'lit';

import { pieces } from './log.js';

/** One line in which titles give way first, each in its own direction. */
export const titled = css`
  .titled { display: flex; min-width: 0; white-space: pre; }
  .titled > span { flex: 0 0 auto; }
  .titled > bdi { flex: 0 1 auto; min-width: 1.5em; overflow: hidden; text-overflow: ellipsis; }
`;

/** Renders a text whose titles stand between isolates. */
export function withTitles(text: string) {
  return html`<span class="titled">${pieces(text).map((piece, place) =>
    place % 2 ? html`<bdi>${piece}</bdi>` : html`<span>${piece}</span>`,
  )}</span>`;
}
