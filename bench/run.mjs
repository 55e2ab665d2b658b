/**
 * npm run bench [-- --only NAME,… --runs N --scale F --out FILE.md]
 *
 * Measures portzero against tcpdump, tshark, argus, pcap-parser, plain reading and a small C program, on captures that it makes itself,
 * and writes the tables to bench/results.md, all ratios that are wanted in one table at the end. --scale 0.1 takes a tenth of the frames: to
 * see that everything runs. The case `live` needs root; as it opens network namespaces, hold what else does so meanwhile.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { statSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, release, totalmem, type } from 'node:os';
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
const yardstick = captures.yardstick();
const limit = (file) => (yardstick === null ? [] : [{ name: 'C, the yardstick', command: `${yardstick} ${file}` }]);
const floors = (file) => [
  portzero(file),
  tcpdump(file),
  reading(file),
  aligned(file),
  ...(file.endsWith('.pcap') ? limit(file) : []),
];
const installed = (contenders) => contenders.filter(({ command }) => isInstalled(command.split(' ')[0]));

/** Against tcpdump, one file. `most`: the ratios of wall and CPU time to stay under. */
function againstTcpdump(title, make, frames, ...most) {
  return {
    title,
    run() {
      const file = make(scaled(frames));
      expectFrames(file, scaled(frames));
      return table(title, file, scaled(frames), floors(file), { [tcpdump(file).name]: most });
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
      return table(this.title, file, scaled(10e6), [...floors(file), ...installed([argus(file)])], {
        [tcpdump(file).name]: [0.5, 0.9],
      });
    },
  },
  'two-million': againstTcpdump('Whole conversations, 800 MB', captures.conversations, 2e6, 1.05, 1.3),
  slow: {
    title: 'A million frames of whole conversations, against the slower ones too',
    run() {
      const file = captures.conversations(scaled(1e6));
      const contenders = [portzero(file), tcpdump(file), ...installed([tshark(file), argus(file)]), pcapParser(file)];
      return table(this.title, file, scaled(1e6), contenders, {
        [tcpdump(file).name]: [1.4, 1.6],
        [tshark(file).name]: [1 / 30],
      });
    },
  },
  headers: againstTcpdump('Headers only, 64 bytes a frame', captures.headers, 10e6, 0.6, 0.75),
  pcapng: againstTcpdump('Whole conversations, pcapng', shaped('conversations', { format: 'pcapng' }), 10e6, 0.5, 0.9),
  nano: againstTcpdump('Whole conversations, nanosecond pcap', shaped('nano', { nano: true }), 10e6, 0.5, 0.9),
  ipv6: againstTcpdump('Whole conversations, IPv6', shaped('ipv6', { ipv6: true }), 10e6, 0.5, 0.9),
  vlan: againstTcpdump('Whole conversations, VLAN tagged', shaped('vlan', { vlan: true }), 10e6, 0.5, 0.9),
  gzip: {
    title: 'gzip',
    run() {
      const file = captures.gzip(captures.conversations(scaled(2e6)));
      const other = {
        name: 'gzip -dc | tcpdump',
        command: `gzip -dc ${file} | tcpdump -r - -w /dev/null 'tcp port 0'`,
      };
      return table(this.title, file, scaled(2e6), [portzero(file), other], { [other.name]: [0.5] });
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
      return table(this.title, file, frames, floors(file), {}, { framesASecond: 1.2e6, megabytes: 300 });
    },
  },
  'flood-million': againstTcpdump('A million SYNs to port 0 from distinct sources', captures.flood, 1e6, 6, 6.5),
  'backscatter-zero': againstTcpdump(
    'Backscatter from port 0',
    (frames) => captures.backscatter(frames, 0),
    1e6,
    3,
    3.5,
  ),
  backscatter: againstTcpdump('Backscatter from port 443', (frames) => captures.backscatter(frames, 443), 1e6, 3, 3.5),
  scan: againstTcpdump('A port scan', captures.scan, 1e6, 4.5),
  short: againstTcpdump('Connections of five frames', captures.short, 1e6, 2.5),
  mix: againstTcpdump('DNS, QUIC and TCP mixed', captures.mix, 1e6, 1.5),
  start: {
    title: 'A file of four frames: what starting costs',
    run() {
      const file = captures.conversations(1000);
      const four = `${captures.folder}/four-frames.pcap`;
      execFileSync('tcpdump', ['-r', file, '-c', '4', '-w', four], { stdio: 'ignore' });
      const node = { name: 'node -e 0', command: 'node -e 0' };
      return table(
        this.title,
        four,
        4,
        [portzero(four), node, tcpdump(four)],
        { [node.name]: [1.25, 1.3] },
        { times: 5 },
      );
    },
  },
  files: {
    title: '64 files, headers only',
    run() {
      const folder = captures.manyFiles(64, scaled(500e3));
      const one = portzero(`--jobs 1 ${folder}`, 'portzero --jobs 1');
      const [left, right] = [0, 1].map((which) => portzero(`--jobs 1 ${captures.half(folder, which)}`).command);
      const two = { name: 'two processes, half of the files each', command: `${left} & ${right} & wait` };
      return table(this.title, folder, 64 * scaled(500e3), [portzero(folder), one, two], { [two.name]: [1.1] });
    },
  },
  join: {
    title: '2,000 small files, read as one',
    run() {
      const whole = captures.conversations(scaled(416e3));
      const folder = captures.parts(whole, 94e3);
      const without = portzero(folder, 'portzero without --join');
      const contenders = [portzero(`--join ${folder}`, 'portzero --join'), without];
      return table(this.title, folder, scaled(416e3), contenders, { [without.name]: [1.5] });
    },
  },
  json: {
    title: 'JSON of a million SYNs to port 0',
    run() {
      const file = captures.flood(scaled(1e6));
      const text = portzero(file, 'text');
      const contenders = [portzero(`-f json ${file}`, '-f json'), text];
      return table(this.title, file, scaled(1e6), contenders, { [text.name]: [1.2] }, { megabytes: 350 });
    },
  },
  html: {
    title: 'A page and SARIF of five million SYNs to port 0',
    run() {
      const file = captures.flood(scaled(5e6));
      const text = portzero(file, 'text');
      const [page, sarif] = ['html', 'sarif'].map((kind) => `${captures.folder}/report.${kind}`);
      const contenders = [portzero(`-r ${page} -r ${sarif} ${file}`, '-r x.html -r x.sarif'), text];
      return table(this.title, file, scaled(5e6), contenders, { [text.name]: [1.2] }, { megabytes: 350 });
    },
  },
  live: {
    title: 'Live: 200,000 SYNs to port 0 through a veth',
    run() {
      const syns = scaled(200e3);
      const { status, stdout, stderr } = spawnSync(
        process.execPath,
        [
          'bench/live.mjs',
          '--connects',
          '0',
          '--syns',
          String(syns),
          '--bursts',
          String(runs),
          '--capturers',
          'tcpdump',
          '--json',
        ],
        { cwd: root, encoding: 'utf8' },
      );
      if (status !== 0) return `Not measured here: ${stderr.trim().split('\n').at(-1)}\n`;
      const { liveCpu, fileCpu, frames, drops } = JSON.parse(stdout);
      const ratio = liveCpu / fileCpu;
      lines.push([this.title, 'the same from a file', '', '', formatRatio(ratio), '2', ratio <= 2 ? 'met' : 'MISSED']);
      const cost = (cpu) => `${((cpu / syns) * 1e6).toFixed(1)} µs`;
      return markdown(
        ['', 'CPU of the analysing process', 'a SYN', 'frames', 'drops'],
        [
          [
            'portzero sniff --backend tcpdump',
            seconds(liveCpu),
            cost(liveCpu),
            number(frames),
            drops === null ? 'not known' : number(drops),
          ],
          ['portzero of the same frames in a file', seconds(fileCpu), cost(fileCpu), number(syns), ''],
        ],
      );
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
        seconds(own.cpuSeconds ?? 0),
        `${number(Math.round(((own.cpuSeconds ?? 0) / frames) * 1e9))} ns`,
        memory(own.megabytes),
        seconds(other.seconds),
        seconds(other.cpuSeconds ?? 0),
      ]);
      const plot = join(dirname(options.out), 'scaling.svg');
      writeFileSync(
        plot,
        plotLines({
          title: 'Processor seconds by millions of frames',
          lines: [
            { name: 'portzero', points: points.map(({ frames, own }) => [frames / 1e6, own.cpuSeconds ?? 0]) },
            { name: 'tcpdump', points: points.map(({ frames, other }) => [frames / 1e6, other.cpuSeconds ?? 0]) },
          ],
        }),
      );
      return `${markdown(['frames', 'portzero', 'CPU', 'a frame', 'resident', 'tcpdump', 'CPU'], rows)}\n![](scaling.svg)\n`;
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

/**
 * Ours is the first contender; ratios are ours to theirs, with the wanted ones of wall and CPU time beside them. `own`: what else is wanted of
 * ours, so many frames a second or more, so many megabytes or less; `times` as many runs as else.
 */
function table(title, file, frames, contenders, wanted, { framesASecond = null, megabytes = null, times = 1 } = {}) {
  const measured = measure(contenders, runs * times);
  const own = measured[0];
  const rows = measured.map((result) => {
    const isOwn = result === own;
    const wall = isOwn ? null : own.seconds / result.seconds;
    const cpu = isOwn || !result.cpuSeconds || own.cpuSeconds === null ? null : own.cpuSeconds / result.cpuSeconds;
    const [mostWall = null, mostCpu = null] = wanted[result.name] ?? [];
    if (mostWall !== null) {
      const isMet = wall <= mostWall && (mostCpu === null || cpu === null || cpu <= mostCpu);
      lines.push([
        title,
        result.name,
        formatRatio(wall),
        short(mostWall),
        cpu === null ? '' : formatRatio(cpu),
        short(mostCpu),
        isMet ? 'met' : 'MISSED',
      ]);
    }
    return [
      result.name,
      `${seconds(result.seconds)} (${seconds(result.least)} to ${seconds(result.most)})`,
      `${(frames / result.seconds / 1e6).toFixed(2)} M/s`,
      memory(result.megabytes),
      wall === null ? '' : `${formatRatio(wall)}${verdict(wall, mostWall)}`,
      result.cpuSeconds === null ? '' : seconds(result.cpuSeconds),
      cpu === null ? '' : `${formatRatio(cpu)}${verdict(cpu, mostCpu)}`,
    ];
  });
  if (framesASecond !== null) {
    const pace = frames / own.seconds;
    lines.push([
      title,
      'frames a second',
      number(Math.round(pace)),
      `at least ${number(framesASecond)}`,
      '',
      '',
      pace >= framesASecond ? 'met' : 'MISSED',
    ]);
  }
  if (megabytes !== null && own.megabytes !== null)
    lines.push([
      title,
      'resident',
      memory(own.megabytes),
      `${megabytes} MB`,
      '',
      '',
      own.megabytes <= megabytes ? 'met' : 'MISSED',
    ]);
  const bytes = sizeOf(file);
  const head = `${number(frames)} frames, ${number(Math.round(bytes / 1e6))} MB\n\n`;
  const header = ['', 'wall time: median (least to most)', 'frames', 'resident', 'ours to it', 'CPU', 'ours to it'];
  return head + markdown(header, rows);
}

/** What is wanted, and what was measured: a line each. */
const lines = [];
const short = (wanted) => (wanted === null ? '' : String(Number(wanted.toPrecision(3))));
const verdict = (ratio, most) =>
  most === null ? '' : ` (at most ${short(most)}: ${ratio <= most ? 'met' : 'MISSED'})`;

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
- ${yardstick === null ? 'no C compiler' : `${versionOf('cc', '--version')}: bench/yardstick.c, which reads a file, does triage and keeps a table, without evidence and rules`}
- load before: ${loadavg()
  .map((load) => load.toFixed(1))
  .join(' ')}
`;
for (const name of names) {
  process.stderr.write(`${name}\n`);
  text += `\n## ${CASES[name].title}\n\n${CASES[name].run()}`;
  writeFileSync(options.out, text);
}
if (lines.length > 0) {
  const header = ['capture', 'against', 'wall', 'at most', 'CPU', 'at most', ''];
  text += `\n## What is wanted\n\nOurs to theirs, by the wall and by the processor.\n\n${markdown(header, lines)}`;
  writeFileSync(options.out, text);
}
process.stdout.write(text);
