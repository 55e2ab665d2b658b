/** node fuzz/two-threads.mjs FILE: analyses it as a file of 1 GiB and more is, with a thread that reads, for volume.mjs. */
import { settingsOf } from '../build/analysis/analyze-capture.js';
import { analyzeInputs } from '../build/analysis/analyze-inputs.js';

const [path] = process.argv.slice(2);
const inputs = [{ name: path, paths: [path], bytes: 1 }];
const [{ input }] = await analyzeInputs(inputs, { settings: settingsOf({}, false), jobs: 2, worthThreads: 0 });
if (!input.complete) throw new Error(JSON.stringify(input.problems));
