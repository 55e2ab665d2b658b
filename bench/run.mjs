/**
 * npm run bench [-- --only NAME,… --runs N --scale F --out FILE.md]
 *
 * Measures portzero against tcpdump, tshark, argus, pcap-parser and plain reading, on captures that it makes itself, and
 * writes the tables to bench/results.md. --scale 0.1 takes a tenth of the frames: to see that everything runs.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { statSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, release, totalmem, type } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import * as captures from './captures.mjs';
import { isInstalled, measure } from './measure.mjs';
import { plotLines } from './plot.mjs';

const root = join(import.meta.dirname, '..');
const { values: options } = parseArgs({
  options: {
    only: { type: 'string' },
    runs: { type: 'string', default: '5' },
    scale: { type: 'string', default: '1' },
    out: { type: 'string', default: join(root, 'bench/results.md') },
  },
});
const runs = Number(options.runs);
const scaled = (frames) => Math.max(1000, Math.round((frames * Number(options.scale)) / 1000) * 1000);

/** Findings make exit status 1; that is what these captures are for. */
const portzero = (rest, name = 'portzero') => ({
  name,
  command: `node bin/portzero.js --quiet ${rest}`,
  statuses: [0, 1],
});
const tcpdump = (file) => ({ name: "tcpdump 'tcp port 0'", command: `tcpdump -r ${file} -w /dev/null 'tcp port 0'` });
const tshark = (file) => ({ name: 'tshark tcp.port==0', command: `tshark -r ${file} -Y tcp.port==0` });
const argus = (file) => ({ name: 'argus', command: `argus -r ${file} -w /dev/null` });
const reading = (file) => ({ name: 'node reads the file', command: `node bench/read-file.mjs ${file}` });
const aligned = (file) => ({
  name: 'node reads the file, aligned',
  command: `node bench/read-file.mjs ${file} aligned`,
});
const pcapParser = (file) => ({ name: 'pcap-parser', command: `node bench/pcap-parser.mjs ${file}` });
const floors = (file) => [portzero(file), tcpdump(file), reading(file), aligned(file)];
const installed = (contenders) => contenders.filter(({ command }) => isInstalled(command.split(' ')[0]));

/** Against tcpdump, one file. `most` is the ratio to stay under. */
function againstTcpdump(title, make, frames, most = null) {
  return {
    title,
    run() {
      const file = make(scaled(frames));
      expectFrames(file, scaled(frames));
      return table(file, scaled(frames), floors(file), {
        [tcpdump(file).name]: most,
      });
    },
  };
}

const shaped = (label, shape) => (frames) => captures.conversations(frames, shape, label);
const CASES = {
  conversations: {
    title: 'Whole conversations, full analysis to the text report',
    run() {
      const file = captures.conversations(scaled(10e6));
      expectFrames(file, scaled(10e6));
      return table(file, scaled(10e6), [...floors(file), ...installed([argus(file)])], {
        [tcpdump(file).name]: 0.5,
        [reading(file).name]: 1.3,
      });
    },
  },
  'two-million': againstTcpdump('Whole conversations, 800 MB', captures.conversations, 2e6, 2),
  slow: {
    title: 'Against the slower ones, on a shorter file',
    run() {
      const file = captures.conversations(scaled(1e6));
      const contenders = [portzero(file), tcpdump(file), ...installed([tshark(file), argus(file)]), pcapParser(file)];
      return table(file, scaled(1e6), contenders, { [tshark(file).name]: 1 / 30 });
    },
  },
  headers: againstTcpdump('Headers only, 64 bytes a frame', captures.headers, 10e6, 0.5),
  pcapng: againstTcpdump('pcapng', shaped('conversations', { format: 'pcapng' }), 10e6, 0.5),
  nano: againstTcpdump('Nanosecond pcap', shaped('nano', { nano: true }), 10e6, 0.5),
  ipv6: againstTcpdump('IPv6', shaped('ipv6', { ipv6: true }), 10e6, 0.5),
  vlan: againstTcpdump('VLAN tagged', shaped('vlan', { vlan: true }), 10e6, 0.5),
  gzip: {
    title: 'gzip',
    run() {
      const file = captures.gzip(captures.conversations(scaled(2e6)));
      const other = {
        name: 'gzip -dc | tcpdump',
        command: `gzip -dc ${file} | tcpdump -r - -w /dev/null 'tcp port 0'`,
      };
      return table(file, scaled(2e6), [portzero(file), other], { [other.name]: 0.5 });
    },
  },
  flood: {
    title: 'SYNs to port 0 from distinct sources',
    run() {
      const frames = scaled(5e6);
      const file = captures.flood(frames);
      const { summary, findings } = expectFrames(file, frames);
      if (summary.portZero.total !== frames) throw new Error(`${summary.portZero.total} exchanges of ${frames}`);
      if (!findings.some((finding) => finding.ruleId === 'port-zero-flood')) throw new Error('the flood is not named');
      return table(file, frames, [portzero(file), tcpdump(file), reading(file)], {});
    },
  },
  'flood-million': againstTcpdump('A million SYNs to port 0 from distinct sources', captures.flood, 1e6, 6),
  'backscatter-zero': againstTcpdump('Backscatter from port 0', (frames) => captures.backscatter(frames, 0), 1e6, 3),
  backscatter: againstTcpdump('Backscatter from port 443', (frames) => captures.backscatter(frames, 443), 1e6, 3),
  scan: againstTcpdump('A port scan', captures.scan, 1e6, 4.5),
  short: againstTcpdump('Connections of five frames', captures.short, 1e6, 2.5),
  start: {
    title: 'A file of four frames: what starting costs',
    run() {
      const file = captures.conversations(1000);
      const four = `${captures.folder}/four-frames.pcap`;
      execFileSync('tcpdump', ['-r', file, '-c', '4', '-w', four], { stdio: 'ignore' });
      const node = { name: 'node -e 0', command: 'node -e 0' };
      return table(four, 4, [portzero(four), node, tcpdump(four)], { [node.name]: 1.6 });
    },
  },
  files: {
    title: '64 files, headers only',
    run() {
      const folder = captures.manyFiles(64, scaled(500e3));
      const one = portzero(`--jobs 1 ${folder}`, 'portzero --jobs 1');
      return table(folder, 64 * scaled(500e3), [portzero(folder), one], { [one.name]: 1 / 1.8 });
    },
  },
  scaling: {
    title: 'Cost by length of the file',
    run() {
      const points = [1e6, 2e6, 4e6, 8e6, 16e6].map((frames) => {
        const file = captures.conversations(scaled(frames));
        const [own, other] = measure([portzero(file), tcpdump(file)], runs);
        return { frames: scaled(frames), own, other };
      });
      const rows = points.map(({ frames, own, other }) => [
        number(frames),
        seconds(own.seconds),
        `${number(Math.round((own.seconds / frames) * 1e9))} ns`,
        memory(own.megabytes),
        seconds(other.seconds),
      ]);
      const plot = join(dirname(options.out), 'scaling.svg');
      writeFileSync(
        plot,
        plotLines({
          title: 'Seconds by millions of frames',
          lines: [
            { name: 'portzero', points: points.map(({ frames, own }) => [frames / 1e6, own.seconds]) },
            { name: 'tcpdump', points: points.map(({ frames, other }) => [frames / 1e6, other.seconds]) },
          ],
        }),
      );
      return `${markdown(['frames', 'portzero', 'a frame', 'resident', 'tcpdump'], rows)}\n![](scaling.svg)\n`;
    },
  },
};

/** A report that is fast and wrong is worth nothing. */
function expectFrames(file, frames) {
  const { status, stdout } = spawnSync('node', ['bin/portzero.js', '--quiet', '--format', 'json', file], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 1 << 30,
  });
  if (status !== 0 && status !== 1) throw new Error(`portzero ended with status ${status}`);
  const report = JSON.parse(stdout);
  if (report.summary.frames !== frames) throw new Error(`${report.summary.frames} frames read of ${frames}`);
  return report;
}

/** Ours is the first contender; ratios are ours to theirs, with the wanted one beside it. */
function table(file, frames, contenders, wanted) {
  const measured = measure(contenders, runs);
  const own = measured[0];
  const rows = measured.map((result) => {
    const ratio = own.seconds / result.seconds;
    const most = wanted[result.name];
    const verdict = most == null ? '' : ` (at most ${most.toPrecision(2)}: ${ratio <= most ? 'met' : 'MISSED'})`;
    return [
      result.name,
      `${seconds(result.seconds)} (${seconds(result.least)} to ${seconds(result.most)})`,
      `${(frames / result.seconds / 1e6).toFixed(2)} M/s`,
      memory(result.megabytes),
      result === own ? '' : `${formatRatio(ratio)}${verdict}`,
      result.cpuSeconds === null ? '' : seconds(result.cpuSeconds),
      result === own || !result.cpuSeconds || own.cpuSeconds === null
        ? ''
        : formatRatio(own.cpuSeconds / result.cpuSeconds),
    ];
  });
  const bytes = sizeOf(file);
  const head = `${number(frames)} frames, ${number(Math.round(bytes / 1e6))} MB\n\n`;
  const header = ['', 'wall time: median (least to most)', 'frames', 'resident', 'ours to it', 'CPU', 'ours to it'];
  return head + markdown(header, rows);
}

const formatRatio = (ratio) => ratio.toFixed(ratio < 0.1 ? 4 : 2);

function sizeOf(path) {
  if (statSync(path).isFile()) return statSync(path).size;
  return Number(execFileSync('du', ['-sb', path], { encoding: 'utf8' }).split('\t')[0]);
}

function markdown(header, rows) {
  const line = (cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`;
  return line(header) + line(header.map((_, index) => (index === 0 ? '---' : '---:'))) + rows.map(line).join('');
}

const number = (value) => value.toLocaleString('en');
const seconds = (value) => (value < 1 ? `${Math.round(value * 1000)} ms` : `${value.toFixed(2)} s`);
const memory = (megabytes) => (megabytes === null ? '' : `${Math.round(megabytes)} MB`);

function versionOf(program, ...args) {
  if (!isInstalled(program)) return `${program} is not installed`;
  const { stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  return `${stdout}${stderr}`.split('\n').find((line) => /\d\.\d/.test(line)) ?? program;
}

const names = options.only === undefined ? Object.keys(CASES) : options.only.split(',');
const unknown = names.filter((name) => !(name in CASES));
if (unknown.length > 0) throw new Error(`no case ${unknown.join(', ')}; there are ${Object.keys(CASES).join(', ')}`);

let text = `# Bench

Made by \`npm run bench\` on ${new Date().toISOString().slice(0, 10)}. Whole processes from start to end, run in turn, one round to warm up,
then the median of ${runs}${options.scale === '1' ? '' : `; captures scaled by ${options.scale}`}. "Resident" is the most memory that any run held.

- ${cpus()[0]?.model ?? 'unknown processor'}, ${availableParallelism()} processors, ${Math.round(totalmem() / 2 ** 30)} GB, ${type()} ${release()}
- Node ${process.version}
- ${versionOf('tcpdump', '--version')}
- ${versionOf('tshark', '--version')}
- ${versionOf('argus', '-h')}
`;
for (const name of names) {
  process.stderr.write(`${name}\n`);
  text += `\n## ${CASES[name].title}\n\n${CASES[name].run()}`;
  writeFileSync(options.out, text);
}
process.stdout.write(text);
