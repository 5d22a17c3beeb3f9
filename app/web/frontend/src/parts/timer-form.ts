import { LitElement, css, html, nothing } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';

import { formatDigits, parseDuration } from '../client/countdown.js';
import type { Timer } from '../client/protocol.js';
import { t } from '../texts/index.js';
import { controls } from './styles.js';

export interface TimerFields {
  title: string;
  description: string;
  completionMessage: string;
  duration?: number;
}

/** Asks for the fields of a timer; `saved` carries them. */
@customElement('live-timer-form')
export class LiveTimerForm extends LitElement {
  static override styles = [controls, css`:host { display: contents; }`];

  /** The timer that is edited, null for a new one. */
  @property({ attribute: false }) timer: Timer | null = null;
  @state() private problem = '';
  @query('dialog') private dialog!: HTMLDialogElement;
  @query('form') private form!: HTMLFormElement;

  async open(timer: Timer | null): Promise<void> {
    this.timer = timer;
    this.problem = '';
    await this.updateComplete;
    this.form.reset();
    this.dialog.showModal();
  }

  get isOpen(): boolean {
    return this.dialog?.open ?? false;
  }

  override render() {
    const { timer } = this;
    const { field } = t.operate;
    const active = timer?.status === 'running' || timer?.status === 'paused';
    return html`<dialog aria-labelledby="heading">
      <h2 id="heading">${timer ? t.operate.edit : t.operate.add}</h2>
      <form novalidate @submit=${this.#save}>
        <label>${field.title}
          <input name="title" dir="auto" required maxlength="200" autocomplete="off" value=${timer?.title ?? ''}>
        </label>
        <label>${field.duration}
          <input name="duration" required autocomplete="off" ?disabled=${active}
            value=${formatDigits(timer?.duration ?? 300_000)}>
        </label>
        ${active ? html`<p class="dim">${t.operate.activeDuration}</p>` : nothing}
        <label>${field.message}
          <input name="completionMessage" dir="auto" maxlength="500" autocomplete="off" value=${timer?.completionMessage ?? ''}>
        </label>
        <label>${field.description}
          <textarea name="description" dir="auto" maxlength="2000" rows="2" .defaultValue=${timer?.description ?? ''}></textarea>
        </label>
        <p class="problem" role="alert">${this.problem}</p>
        <div class="row end">
          <button type="button" @click=${() => this.dialog.close()}>${t.operate.cancel}</button>
          <button class="main">${t.operate.save}</button>
        </div>
      </form>
    </dialog>`;
  }

  readonly #save = (event: SubmitEvent): void => {
    event.preventDefault();
    const given = new FormData(this.form);
    const text = (name: string) => String(given.get(name) ?? '').trim();
    const fields: TimerFields = {
      title: text('title'),
      description: text('description'),
      completionMessage: text('completionMessage'),
    };
    if (given.has('duration')) {
      const duration = parseDuration(text('duration'));
      if (duration === null) return this.#refuse(t.operate.badDuration, 'duration');
      fields.duration = duration;
    }
    if (!fields.title) return this.#refuse(t.operate.field.title, 'title');
    this.dialog.close();
    this.dispatchEvent(new CustomEvent<TimerFields>('saved', { detail: fields }));
  };

  #refuse(problem: string, name: string): void {
    this.problem = problem;
    (this.form.elements.namedItem(name) as HTMLInputElement).focus();
  }
}
