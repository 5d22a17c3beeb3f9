// A page that uses the client alone: open example.html#<shareToken>.
import { LiveTimerClient, formatDigits } from './live-timer-client.js';

const client = new LiveTimerClient({ shareToken: location.hash.slice(1) });
const [title, digits] = ['title', 'digits'].map((id) => document.getElementById(id));

function draw() {
  const timer = client.currentTimer;
  const stale = client.unconfirmedSeconds();
  title.textContent = timer?.title ?? client.state?.name ?? client.end ?? client.link;
  digits.textContent = timer ? formatDigits(client.remaining(timer)) : '';
  if (stale) digits.textContent += ` (unconfirmed for ${stale} s)`;
  requestAnimationFrame(draw);
}
draw();
