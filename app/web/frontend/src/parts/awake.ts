/** Keeps the screen on while the page is seen, where the browser lets it. */
export function stayAwake(): void {
  const ask = async () => {
    if (document.visibilityState !== 'visible' || !('wakeLock' in navigator)) return;
    try {
      await navigator.wakeLock.request('screen');
    } catch {
      // Low battery, or a person's choice.
    }
  };
  void ask();
  // The browser takes the lock back whenever the page is hidden.
  document.addEventListener('visibilitychange', () => void ask());
}

/** Enters or leaves full screen; refused quietly where there is none. */
export async function toggleFullscreen(): Promise<void> {
  try {
    if (document.fullscreenElement) await document.exitFullscreen();
    else await document.documentElement.requestFullscreen();
  } catch {
    // A phone without it, or a frame that does not allow it.
  }
}
