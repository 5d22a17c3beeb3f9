import { LitElement, css, html } from 'lit';
import { customElement, query, state } from 'lit/decorators.js';

import { t } from '../texts/index.js';
import { controls } from './styles.js';

export interface Question {
  title: string;
  text: string;
  /** What the button says that does it. */
  action: string;
}

// The second tap of a double one must not say yes where the first has asked.
const TOO_QUICK_MS = 500;

/** The dialog before what cannot be undone. */
@customElement('live-confirm')
export class LiveConfirm extends LitElement {
  static override styles = [controls, css`:host { display: contents; }`];

  @state() private question: Question = { title: '', text: '', action: '' };
  @state() private early = true;
  @query('dialog') private dialog!: HTMLDialogElement;
  #answer: (yes: boolean) => void = () => {};

  /** Whether the person wants it; leaving the dialog in any other way is a no. */
  async ask(question: Question): Promise<boolean> {
    this.question = question;
    this.early = true;
    await this.updateComplete;
    this.dialog.returnValue = '';
    this.dialog.showModal();
    setTimeout(() => (this.early = false), TOO_QUICK_MS);
    return new Promise((resolve) => (this.#answer = resolve));
  }

  get isOpen(): boolean {
    return this.dialog?.open ?? false;
  }

  override render() {
    const { title, text, action } = this.question;
    // The first button has the focus: a key pressed too early cancels.
    return html`<dialog
      aria-labelledby="title"
      aria-describedby="text"
      @close=${() => this.#answer(this.dialog.returnValue === 'yes')}
    >
      <h2 id="title" dir="auto">${title}</h2>
      <p id="text">${text}</p>
      <div class="row end">
        <button @click=${() => this.dialog.close()}>${t.operate.cancel}</button>
        <button class="danger" ?disabled=${this.early} @click=${() => this.dialog.close('yes')}>${action}</button>
      </div>
    </dialog>`;
  }
}
