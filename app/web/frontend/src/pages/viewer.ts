import { LiveTimerClient } from '../client/client.js';
import { stayAwake, toggleFullscreen } from '../parts/awake.js';
import { LiveStage } from '../parts/stage.js';
import { language, t } from '../texts/index.js';

const shareToken = decodeURIComponent(location.pathname.split('/')[2] ?? '');
const asked = new URLSearchParams(location.search);
const on = (name: string) => ['1', 'true', ''].includes(asked.get(name) ?? '0');

document.documentElement.lang = language;
const client = new LiveTimerClient({ shareToken });
const stage = new LiveStage();
stage.client = client;
stage.hide = new Set((asked.get('hide') ?? '').split(',').map((part) => part.trim()));
stage.transparent = on('transparent');
stage.mirror = on('mirror');
document.documentElement.classList.toggle('transparent', stage.transparent);
const main = document.querySelector('main');
main?.replaceChildren(stage);
client.onChange(() => {
  document.title = `${client.currentTimer?.title ?? client.state?.name ?? ''} · ${t.appName}`;
});

if (main) main.title = t.fullscreen;
stage.addEventListener('click', () => void toggleFullscreen());
addEventListener('keydown', (event) => {
  if (event.repeat || event.ctrlKey || event.metaKey || event.altKey || asked.get('keys') === '0') return;
  if (event.key.toLowerCase() === 'f') void toggleFullscreen();
});
stayAwake();
