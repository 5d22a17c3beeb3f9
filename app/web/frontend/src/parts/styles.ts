import { css } from 'lit';

/** Buttons, fields and dialogs: the same on all pages; targets for thumbs. */
export const controls = css`
  :host {
    --ground: #0b0d12;
    --card: #161a23;
    --line: #6b7689;
    --ink: #f4f6fb;
    --dim: #b4bccb;
    --accent: #7cc4ff;
    color: var(--ink);
    font-family: system-ui, 'Segoe UI', Roboto, 'Helvetica Neue', 'Noto Sans', 'DejaVu Sans', sans-serif;
    line-height: 1.4;
  }
  * { box-sizing: border-box; }
  h1, h2, h3, p { overflow-wrap: anywhere; }
  h2 { margin: 0 0 0.6rem; }
  a { color: var(--accent); }
  button, .button {
    display: inline-flex;
    align-items: center;
    justify-content: center;
    gap: 0.4em;
    min-height: 2.75rem;
    min-width: 2.75rem;
    padding: 0.4rem 0.9rem;
    border: 1px solid var(--line);
    border-radius: 8px;
    background: #222938;
    color: var(--ink);
    font: inherit;
    font-weight: 600;
    text-decoration: none;
    cursor: pointer;
    touch-action: manipulation;
  }
  button:hover:enabled, .button:hover { background: #2e374a; }
  button:disabled { color: #8d97a8; cursor: default; border-style: dashed; }
  .main { background: var(--accent); color: #06131f; border-color: var(--accent); }
  .button.main:hover, button.main:hover:enabled { background: #a5d7ff; }
  button.danger { background: #ffb3b8; color: #330508; border-color: #ffb3b8; }
  button.perilous { border-color: #ffb3b8; color: #ffb3b8; }
  :focus-visible { outline: 3px solid #ffd24a; outline-offset: 2px; }
  label { display: block; margin-block: 0.8rem; }
  input:not([type='checkbox']), textarea {
    display: block;
    width: 100%;
    min-height: 2.75rem;
    margin-top: 0.25rem;
    padding: 0.5rem 0.7rem;
    border: 1px solid var(--line);
    border-radius: 8px;
    background: #0f131b;
    color: var(--ink);
    font: inherit;
  }
  input:disabled { color: #8d97a8; border-style: dashed; }
  input[type='checkbox'] { width: 24px; height: 24px; vertical-align: middle; }
  ::placeholder { color: #98a2b3; }
  dialog {
    width: min(34rem, calc(100vw - 2rem));
    max-height: calc(100dvh - 2rem);
    overflow: auto;
    padding: 1.2rem;
    border: 1px solid var(--line);
    border-radius: 12px;
    background: var(--card);
    color: var(--ink);
  }
  dialog::backdrop { background: rgb(0 0 0 / 0.7); }
  .row { display: flex; flex-wrap: wrap; gap: 0.6rem; align-items: center; }
  .end { justify-content: flex-end; margin-top: 1rem; }
  .card { padding: 1rem; border: 1px solid #39425a; border-radius: 12px; background: var(--card); }
  .problem { color: #ffb3b8; font-weight: 600; }
  .dim { color: var(--dim); }
  .said {
    position: absolute;
    width: 1px;
    height: 1px;
    margin: 0;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }
`;
