/**
 * Analyses one capture after another (a worker thread: the fuzzer can end it when it hangs) and holds the report to what
 * must be true of every report, whatever the bytes were.
 */
import { readFileSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { settingsOf } from '../build/analysis/analyze-capture.js';
import { analyzeSource } from '../build/analysis/analyze-source.js';
import { openCapture } from '../build/capture/open.js';
import { analyzeCapture, CaptureError } from '../build/index.js';
import { loadReporter } from '../build/report/formats/index.js';

const schema = JSON.parse(readFileSync(new URL('../schema/portzero-report.schema.json', import.meta.url), 'utf8'));
const ajv = new Ajv2020({ allowUnionTypes: true, strict: false });
addFormats.default(ajv);
const validate = ajv.compile(schema);

const documents = await Promise.all(['text', 'json', 'sarif', 'junit', 'github'].map((name) => loadReporter(name)));

/** Generous, for machines that do something else as well: what it must catch is quadratic. */
const MILLIS_PER_BYTE = 0.02;
const MILLIS_AT_LEAST = 2000;
const MAX_RSS = 1.2e9;

/** All but tab and line end, and the bidirectional ones: nothing of the kind may leave us. */
const CONTROLS = /(?![\t\n])\p{Cc}|[\u202a-\u202e\u2066-\u2069]/u;

function expectThat(holds, what) {
  if (!holds) throw new Error(what);
}

function checkReport(report) {
  expectThat(validate(report), `the report is not valid: ${ajv.errorsText(validate.errors?.slice(0, 3))}`);
  const { summary, inputs, exchanges, findings, omitted } = report;
  const [input] = inputs;
  expectThat(summary.frames === input.frames, 'the frames do not add up');
  for (const name of ['exchanges', 'portZero']) {
    const { total, ...verdicts } = summary[name];
    const sum = Object.values(verdicts).reduce((a, b) => a + b, 0);
    expectThat(total === sum, `${name}: ${total} in all, ${sum} by verdict`);
  }
  expectThat(summary.portZero.total <= summary.exchanges.total, 'more exchanges with port 0 than exchanges');
  expectThat(exchanges.length + omitted.exchanges === summary.exchanges.total, 'exchanges are missing in the list');
  const counted = summary.findings.error + summary.findings.warning + summary.findings.info;
  expectThat(findings.length + omitted.findings === counted, 'findings are missing in the list');
  for (const { frames, probe, answeredBy, verdict, evidence } of exchanges) {
    expectThat(frames.all.length > 0, 'an exchange without frames');
    let last = 0;
    for (const frame of frames.all) {
      expectThat(frame > last && frame <= summary.frames, `frame ${frame} of ${summary.frames} after ${last}`);
      last = frame;
    }
    for (const frame of [frames.probe, frames.answer]) {
      expectThat(frame === null || frames.all.includes(frame), `frame ${frame} is not among the frames`);
    }
    expectThat((probe === null) === (verdict === 'unsolicited'), `${verdict} with probe ${probe}`);
    expectThat(
      (answeredBy === null) === (frames.answer === null),
      'an answer without sender, or a sender without answer',
    );
    expectThat((evidence.answer === null) === (frames.answer === null), 'an answer without evidence');
  }
  const ids = new Set(exchanges.map(({ id }) => id));
  expectThat(ids.size === exchanges.length, 'two exchanges with one number');
  for (const { exchange } of findings) expectThat(exchange === null || ids.has(exchange), `no exchange ${exchange}`);
  expectThat(input.complete === (input.problems.length === 0), 'complete in spite of problems');
}

const settings = settingsOf({}, false);

/** The core is for large captures; here every capture takes it, and once more does not. */
async function checkCore(path) {
  const read = async (worthCore) => {
    const { elapsedMs: _, ...result } = await analyzeSource(await openCapture(path), { settings, input: 0, worthCore });
    return JSON.stringify(result);
  };
  expectThat((await read(0)) === (await read(Number.POSITIVE_INFINITY)), 'other results in the core');
}

async function check(path, size) {
  // Processor time: a machine that does something else must not look like a slow decoder.
  const started = process.cpuUsage();
  let result;
  try {
    result = await analyzeCapture(path, { exchanges: 'all', maxExchanges: 5000 }).result();
  } catch (error) {
    // The only way to refuse an input.
    if (error instanceof CaptureError) return { refused: true, frames: 0, exchanges: 0 };
    throw error;
  }
  const { user, system } = process.cpuUsage(started);
  const millis = (user + system) / 1000;
  expectThat(millis <= MILLIS_AT_LEAST + size * MILLIS_PER_BYTE, `${Math.round(millis)} ms for ${size} bytes`);
  checkReport(result.report);
  await checkCore(path);
  for (const reporter of documents) {
    let length = 0;
    for (const text of reporter.format(result, { width: 80, color: false })) {
      length += text.length;
      expectThat(!CONTROLS.test(text), 'a control character in a report');
    }
    expectThat(length > 0, 'an empty report');
  }
  const rss = process.memoryUsage.rss();
  expectThat(rss < MAX_RSS, `${Math.round(rss / 1e6)} MB resident`);
  return { refused: false, frames: result.report.summary.frames, exchanges: result.report.summary.exchanges.total };
}

parentPort.on('message', async ({ path, size }) => {
  try {
    parentPort.postMessage(await check(path, size));
  } catch (error) {
    parentPort.postMessage({ failure: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
});
parentPort.postMessage({ ready: true });
