import { LitElement, css, html, nothing } from 'lit';
import { customElement, query, state } from 'lit/decorators.js';

import { CommandFailed, Commands, newKey, type Command } from '../client/commands.js';
import type { Room } from '../client/protocol.js';
import type { LiveConfirm } from '../parts/confirm.js';
import '../parts/confirm.js';
import { operatorLink, viewerLink } from '../parts/link.js';
import { forgetRoom, keepRoom, keptRooms, type KeptRoom } from '../parts/storage.js';
import { controls } from '../parts/styles.js';
import { language, t } from '../texts/index.js';

interface NewRoom extends Room {
  adminToken?: string;
  refreshToken?: string;
}

/** Where a room is made, and found again. */
@customElement('live-home')
export class LiveHome extends LitElement {
  static override styles = [
    controls,
    css`
      :host { display: block; max-width: 52rem; margin: 0 auto; padding: 1.5rem 1rem 3rem; }
      h1 { margin: 0; font-size: 2rem; }
      section { margin-top: 1.5rem; }
      ul { list-style: none; padding: 0; display: grid; gap: 0.6rem; }
      li { display: flex; flex-wrap: wrap; gap: 0.6rem; align-items: center; }
      li .name { flex: 1 1 12rem; min-width: 0; overflow-wrap: anywhere; font-weight: 600; }
      @media (max-width: 30rem) { li .name { flex-basis: 100%; } }
      live-link + live-link { margin-top: 1rem; }
    `,
  ];

  @state() private rooms: KeptRoom[] = keptRooms();
  @state() private made: { name: string; viewer: string; operator: string } | null = null;
  @state() private problem = '';
  @state() private busy = false;
  @query('live-confirm') private confirm!: LiveConfirm;
  #creation: (Command & { key: string }) | null = null;

  override render() {
    return html`<h1>${t.appName}</h1>
      <p class="dim">${t.home.lead}</p>
      <section class="card">
        <h2>${t.home.create}</h2>
        <form @submit=${this.#create}>
          <label>${t.home.name}
            <input name="name" required maxlength="100" autocomplete="off" placeholder=${t.home.namePlaceholder}>
          </label>
          <button class="main" ?disabled=${this.busy}>${t.home.create}</button>
        </form>
        <p class="problem" role="alert">${this.problem}</p>
      </section>
      ${this.made ? this.#links(this.made) : nothing}
      <section>
        <h2>${t.home.yours}</h2>
        ${this.rooms.length ? html`<ul>${this.rooms.map((room) => this.#room(room))}</ul>` : html`<p class="dim">${t.home.none}</p>`}
      </section>
      <p><a href="/api/docs">${t.home.api}</a></p>
      <live-confirm></live-confirm>`;
  }

  #links({ name, viewer, operator }: { name: string; viewer: string; operator: string }) {
    return html`<section class="card" role="status">
      <h2 dir="auto">${t.home.made(name)}</h2>
      <p class="row">
        <a class="button main" href=${new URL(operator).pathname}>${t.home.open}</a>
        <a class="button" href=${new URL(viewer).pathname}>${t.home.watch}</a>
      </p>
      <live-link label=${t.share.viewer} href=${viewer}></live-link>
      <live-link label=${t.share.operator} note=${t.share.operatorNote} href=${operator}></live-link>
    </section>`;
  }

  #room(room: KeptRoom) {
    const address = `/r/${encodeURIComponent(room.shareToken)}`;
    return html`<li class="card">
      <span class="name" dir="auto">${room.name}</span>
      <a class="button" href="${address}/operate">${t.home.open}</a>
      <a class="button" href=${address}>${t.home.watch}</a>
      <button aria-label=${t.home.forget(room.name)} @click=${() => void this.#forget(room)}>✕</button>
    </li>`;
  }

  async #forget(room: KeptRoom): Promise<void> {
    const question = { title: `${t.home.forget(room.name)}?`, text: t.home.forgetText, action: t.home.forgetIt };
    if (!(await this.confirm.ask(question))) return;
    forgetRoom(room.shareToken);
    this.rooms = keptRooms();
  }

  readonly #create = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    if (this.busy) return;
    const form = event.target as HTMLFormElement;
    const name = String(new FormData(form).get('name'));
    const same = this.#creation && JSON.stringify(this.#creation.body) === JSON.stringify({ name });
    // Sent again after a failure it is the same wish, and makes one room.
    this.#creation = { method: 'POST', path: '/api/rooms', body: { name }, key: same ? this.#creation!.key : newKey() };
    this.busy = true;
    this.problem = '';
    try {
      await this.#keep(await new Commands(null).send<NewRoom>(this.#creation));
      this.#creation = null;
      form.reset();
    } catch (error) {
      this.problem = words(error);
    } finally {
      this.busy = false;
    }
  };

  async #keep(room: NewRoom): Promise<void> {
    const { adminToken: token = '', refreshToken, shareToken, id, name } = room;
    keepRoom({ shareToken, id, name, token, refreshToken, keptAt: Date.now() });
    this.rooms = keptRooms();
    const { operatorToken } = await new Commands({ access: token }).send<{ operatorToken: string }>({
      method: 'POST',
      path: `/api/rooms/${id}/tokens`,
      key: newKey(),
    });
    this.made = { name, viewer: viewerLink(shareToken), operator: operatorLink(shareToken, operatorToken) };
  }
}

function words(error: unknown): string {
  if (!(error instanceof CommandFailed)) return String(error);
  if (error.code === 'unauthenticated') return t.home.notHere;
  return t.operate.failure[error.code] ?? error.message;
}

document.documentElement.lang = language;
document.querySelector('main')?.replaceChildren(new LiveHome());
