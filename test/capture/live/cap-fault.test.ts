import { expect, it } from 'vitest';
import { describeCapFault } from '../../../src/capture/live/cap-fault.ts';

// As Node 18 says it of a module that Node 20 compiled.
const OTHER_NODE = `The module '/x/node_modules/cap/build/Release/cap.node'
was compiled against a different Node.js version using
NODE_MODULE_VERSION 115. This version of Node.js requires
NODE_MODULE_VERSION 108. Please try re-compiling or re-installing
the module (for instance, using \`npm rebuild\` or \`npm install\`).`;

it.each([
  [OTHER_NODE, 'it was built for another Node (module version 115, this one has 108): run npm rebuild cap in /x'],
  [
    "Module did not self-register: '/x/node_modules/cap/build/Release/cap.node'.",
    'it was built for another Node: run npm rebuild cap in /x',
  ],
  [
    "Cannot find module '../build/Release/cap.node'\nRequire stack:\n- /x/node_modules/cap/lib/Cap.js",
    "it was installed but not built, which needs a compiler and libpcap's headers: run npm rebuild cap in /x",
  ],
  [
    "Cannot find module 'cap'\nRequire stack:\n- /x/y.js",
    'it is a package of its own: npm install cap, with --global where portzero was installed so',
  ],
  [
    'libpcap.so.0.8: cannot open shared object file: No such file or directory',
    'libpcap.so.0.8: cannot open shared object file: No such file or directory',
  ],
])('says what to do: %j', (message, expected) => {
  expect(describeCapFault(new Error(message), '/x')).toBe(expected);
});
