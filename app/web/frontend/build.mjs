// Bundles the pages into app/web/static/build; nothing of it is kept in git.
import { cp, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const target = new URL('../static/build/', import.meta.url).pathname;
const fresh = `${target.slice(0, -1)}.new/`;
const LIMIT = 35_000;
const pages = ['viewer', 'home', 'operate'];

await rm(fresh, { recursive: true, force: true });
await mkdir(fresh, { recursive: true });
const { metafile } = await build({
  entryPoints: {
    viewer: 'src/pages/viewer.ts',
    home: 'src/pages/home.ts',
    operate: 'src/pages/operate.ts',
    'live-timer': 'src/pages/element.ts',
    'live-timer-client': 'src/client/index.ts',
  },
  outdir: fresh,
  bundle: true,
  splitting: true,
  format: 'esm',
  // Safari and Firefox of the last two years have all of it.
  target: ['es2022', 'safari17', 'firefox128', 'chrome120'],
  minify: true,
  sourcemap: true,
  metafile: true,
  conditions: ['browser', 'production'],
  define: { 'process.env.NODE_ENV': '"production"' },
  legalComments: 'none',
  logLevel: 'warning',
});
await cp('example', fresh, { recursive: true });
await cp('src/pages/page.css', `${fresh}page.css`);
const scripts = {};
for (const page of [...pages, 'live-timer']) {
  const names = [...closure(`${page}.js`)];
  const sizes = await Promise.all(names.map(async (name) => gzipSync(await readFile(fresh + name)).length));
  scripts[page] = { names, gzipped: sizes.reduce((sum, size) => sum + size, 0) };
}
// Whoever reads this file sees a whole build or none.
await writeFile(`${fresh}scripts.json`, JSON.stringify(scripts, null, 2));
await rm(target, { recursive: true, force: true });
await rename(fresh, target);
for (const [page, { gzipped }] of Object.entries(scripts)) console.log(`${page}: ${gzipped} bytes gzipped`);
if (scripts.viewer.gzipped > LIMIT) throw new Error(`The viewer's scripts are above ${LIMIT} bytes gzipped.`);

/** The script and whatever it loads. */
function closure(name, found = new Set()) {
  if (found.has(name)) return found;
  found.add(name);
  const output = Object.entries(metafile.outputs).find(([path]) => path.endsWith(`/${name}`))[1];
  for (const { path } of output.imports) closure(path.split('/').at(-1), found);
  return found;
}
