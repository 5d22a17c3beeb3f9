import { LitElement, css, html } from 'lit';
import { customElement, query, state } from 'lit/decorators.js';

import { t } from '../texts/index.js';
import { shortcutsAreOn, switchShortcuts } from './storage.js';
import { controls } from './styles.js';

/** The list of the desk's keys, and the switch that turns them off. */
@customElement('live-shortcuts')
export class LiveShortcuts extends LitElement {
  static override styles = [
    controls,
    css`
      :host { display: contents; }
      dl { display: grid; grid-template-columns: auto 1fr; gap: 0.4rem 1rem; align-items: baseline; }
      dd { margin: 0; }
      kbd { padding: 0.1em 0.5em; border: 1px solid var(--line); border-radius: 4px; background: #0f131b; font: inherit; }
    `,
  ];

  @state() private on = shortcutsAreOn();
  @query('dialog') private dialog!: HTMLDialogElement;

  get areOn(): boolean {
    return this.on;
  }

  get isOpen(): boolean {
    return this.dialog?.open ?? false;
  }

  open(): void {
    this.dialog.showModal();
  }

  override render() {
    const { keys } = t.operate;
    const listed: [string, string][] = [
      [keys.spaceBar, keys.space],
      ['R', keys.reset],
      ['S', keys.show],
      ['N', keys.add],
      ['E', keys.edit],
      [keys.deleteKey, keys.remove],
      ['↑ ↓', keys.select],
      [/Mac|iP/.test(navigator.platform) ? '⌘ Z' : `${keys.controlKey} Z`, keys.undo],
      ['?', keys.help],
    ];
    return html`<dialog aria-labelledby="title">
      <h2 id="title">${t.operate.help}</h2>
      <dl>${listed.map(([key, does]) => html`<dt><kbd>${key}</kbd></dt><dd>${does}</dd>`)}</dl>
      <label><input type="checkbox" .checked=${this.on} @change=${this.#switch}> ${t.operate.useKeys}</label>
      <div class="row end"><button @click=${() => this.dialog.close()}>${t.operate.close}</button></div>
    </dialog>`;
  }

  readonly #switch = (event: Event): void => {
    this.on = (event.target as HTMLInputElement).checked;
    switchShortcuts(this.on);
  };
}
