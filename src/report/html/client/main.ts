/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/**
 * The page's own script: runs in the reader's browser. The build bundles it, with what it imports, into
 * ../page-script.ts (scripts/build-page.mjs). Nothing of this folder is imported elsewhere, and nothing here may import Node.
 */
import { addressPart } from './address.ts';
import { createApp } from './app.ts';
import { filtersPart, sharesPart, themePart } from './controls.ts';
import { endsPart } from './ends.ts';
import { groupsPart } from './groups.ts';
import { framesPart, listPart } from './list.ts';
import { loadPayload } from './load.ts';
import { timelinePart } from './timeline.ts';

document.documentElement.classList.add('js');
loadPayload()
  .then((payload) => {
    const app = createApp(payload);
    for (const part of [themePart, sharesPart, filtersPart, timelinePart, endsPart, framesPart, groupsPart, listPart])
      part(app);
    app.update({});
    addressPart(app);
    document.dispatchEvent(new Event('portzeroready'));
    document.documentElement.dataset.ready = '';
  })
  .catch((error) => {
    document.getElementById('load-error')!.hidden = false;
    console.error(error);
  });
