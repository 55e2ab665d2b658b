/**
 * npm run bench:live [-- --connects N --syns N --bursts N --capturers cap,tcpdump,dumpcap --json --settings]
 *
 * What a live run costs, with each capturer, between two network namespaces (root only): how long after a program's
 * connect() to port 0 the finding is printed, at low load; and how much arrives of a burst of SYNs that tcpreplay sends as
 * fast as it can, and the processor time that the analysing process takes for it, held against that for the same frames from a file.
 * --json prints the last alone, as the median of the bursts with the first capturer. --settings measures the capturers without us
 * instead: what buffers, snap lengths and immediate mode give (capture-settings.mjs).
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { measureSettings } from './capture-settings.mjs';
import { measure, median } from './measure.mjs';

const BIN = join(import.meta.dirname, '../bin/portzero.js');
const { values: options } = parseArgs({
  options: {
    connects: { type: 'string', default: '100' },
    syns: { type: 'string', default: '200000' },
    bursts: { type: 'string', default: '1' },
    capturers: { type: 'string', default: 'cap,tcpdump,dumpcap' },
    json: { type: 'boolean', default: false },
    settings: { type: 'boolean', default: false },
    /** Set when it runs in the client's namespace. */
    inside: { type: 'string' },
  },
});

const BACKENDS = options.capturers.split(',');
/** Of /proc: sysconf(_SC_CLK_TCK), 100 on every Linux that Node runs on. */
const TICKS_A_SECOND = 100;

/** User and system time of a process, without its children, in seconds (proc_pid_stat(5)). */
function cpuOf(pid) {
  const [, rest] = /\) (.*)/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  const fields = rest.split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_A_SECOND;
}

const sleep = (millis) => new Promise((resolve) => setTimeout(resolve, millis));

function must(file, ...args) {
  const { status, stderr } = spawnSync(file, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${file} ${args.join(' ')}: ${stderr}`);
}

/** Starts `portzero sniff`; settles when it captures. */
async function sniff(...args) {
  const child = spawn(process.execPath, [BIN, 'sniff', 'bench0', ...args]);
  const run = { child, stdout: '', stderr: '', onLine: null };
  child.stdout.on('data', (chunk) => {
    run.stdout += chunk;
    run.onLine?.(String(chunk));
  });
  child.stderr.on('data', (chunk) => {
    run.stderr += chunk;
  });
  while (!run.stderr.includes('sniffing on')) {
    if (child.exitCode !== null) throw new Error(run.stderr);
    await sleep(20);
  }
  return run;
}

const closed = (child) => new Promise((resolve) => child.once('close', resolve));

/** Milliseconds from just before connect() until the line with the finding has been read, sorted. */
async function measureLatency(backend) {
  const run = await sniff('--backend', backend, '-f', 'ndjson');
  const samples = [];
  for (let attempt = 0; attempt < Number(options.connects); attempt++) {
    await sleep(50);
    const printed = new Promise((resolve) => {
      run.onLine = (chunk) => chunk.includes('syn-to-port-zero') && resolve(performance.now());
    });
    const start = performance.now();
    connect({ host: '192.0.2.2', port: 0 }).on('error', () => {});
    samples.push((await printed) - start);
  }
  run.child.kill('SIGINT');
  await closed(run.child);
  return samples.sort((a, b) => a - b);
}

/** Frames and drops of a burst, and the pace at which it was sent. */
async function measureBurst(backend, path, peer) {
  const run = await sniff(
    '--backend',
    backend,
    '-f',
    'json',
    '--max-listed',
    '0',
    ...(backend === 'cap' ? ['--buffer', '1000'] : []),
  );
  const replay = spawnSync('ip', ['netns', 'exec', peer, 'tcpreplay', '-q', '-K', '--topspeed', '-i', 'bench1', path], {
    encoding: 'utf8',
  });
  const pace = Number(/([\d.]+) pps/.exec(replay.stdout + replay.stderr)?.[1]);
  // What the capturer still holds comes after the burst.
  for (let before = -1, now = 0; now !== before; ) {
    before = now;
    const asked = run.stderr.length;
    run.child.kill('SIGUSR1');
    await sleep(1500);
    now = /([\d,]+) frames?/.exec(run.stderr.slice(asked))?.[1];
  }
  const cpu = cpuOf(run.child.pid);
  run.child.kill('SIGINT');
  await closed(run.child);
  const { frames, drops } = JSON.parse(run.stdout).inputs[0];
  return { frames, drops, pace, cpu };
}

/** A pcap of SYNs to port 0 from distinct addresses; checksums play no part in capturing. */
function writeSyns(path, count) {
  const header = Buffer.alloc(24);
  for (const [value, at] of [
    [0xa1b2c3d4, 0],
    [0x00040002, 4],
    [65_535, 16],
    [1, 20],
  ])
    header.writeUInt32LE(value, at);
  const records = Buffer.alloc(count * 70);
  const frame = Buffer.from(
    '0200000000020200000000010800' +
      '4500002800004000400600000a000000c6336407' +
      '9c400000' +
      '0000000000000000' +
      '5002faf000000000',
    'hex',
  );
  for (let i = 0; i < count; i++) {
    const at = i * 70;
    records.writeUInt32LE(54, at + 8);
    records.writeUInt32LE(54, at + 12);
    frame.copy(records, at + 16);
    records.writeUIntBE(i, at + 16 + 27, 3);
  }
  writeFileSync(path, Buffer.concat([header, records]));
}

/** Bursts in turn with runs over the file, so that what else the machine does hits both. */
async function measureCpu(backend, path, peer) {
  const bursts = [];
  const fromFile = [];
  const file = { name: 'file', command: `node bin/portzero.js -q -f json --max-listed 0 ${path}`, statuses: [1] };
  for (let burst = 0; burst < Number(options.bursts); burst++) {
    bursts.push(await measureBurst(backend, path, peer));
    fromFile.push(measure([file], 1)[0].cpuSeconds);
  }
  const middle = (values) => median(values.sort((a, b) => a - b));
  const last = bursts.at(-1);
  return { ...last, liveCpu: middle(bursts.map(({ cpu }) => cpu)), fileCpu: middle(fromFile) };
}

async function inside(peer) {
  const folder = mkdtempSync(join(tmpdir(), 'portzero-live-'));
  const path = join(folder, 'syns.pcap');
  const count = Number(options.syns);
  try {
    writeSyns(path, count);
    if (options.settings) {
      await measureSettings(BACKENDS, peer, path, count);
      return;
    }
    if (options.json) {
      console.log(JSON.stringify(await measureCpu(BACKENDS[0], path, peer)));
      return;
    }
    console.log('| capturer | finding printed after connect(): median | 95 % | worst |\n|---|---|---|---|');
    for (const backend of BACKENDS) {
      const samples = await measureLatency(backend);
      const at = (share) =>
        `${samples[Math.min(samples.length - 1, Math.floor(samples.length * share))].toFixed(2)} ms`;
      console.log(`| ${backend} | ${at(0.5)} | ${at(0.95)} | ${at(1)} |`);
    }
    console.log(
      '\n| capturer | SYNs sent | a second | frames counted | drops told | CPU | of the same file |\n|---|---|---|---|---|---|---|',
    );
    for (const backend of BACKENDS) {
      const { frames, drops, pace, liveCpu, fileCpu } = await measureCpu(backend, path, peer);
      const cpu = `${liveCpu.toFixed(2)} s | ${fileCpu.toFixed(2)} s`;
      console.log(`| ${backend} | ${count} | ${Math.round(pace)} | ${frames} | ${drops ?? 'not known'} | ${cpu} |`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (options.inside !== undefined) {
  await inside(options.inside);
} else {
  const [near, far] = [`pzb${process.pid}n`, `pzb${process.pid}f`];
  try {
    for (const name of [near, far]) must('ip', 'netns', 'add', name);
    must('ip', 'link', 'add', 'bench0', 'netns', near, 'type', 'veth', 'peer', 'name', 'bench1', 'netns', far);
    for (const [name, device, address] of [
      [near, 'bench0', '192.0.2.1/24'],
      [far, 'bench1', '192.0.2.2/24'],
    ]) {
      // Nobody speaks but us.
      must('ip', 'netns', 'exec', name, 'sysctl', '-q', '-w', 'net.ipv6.conf.all.disable_ipv6=1');
      must('ip', '-n', name, 'addr', 'add', address, 'dev', device);
      must('ip', '-n', name, 'link', 'set', device, 'up');
    }
    await sleep(500);
    const again = [
      process.execPath,
      import.meta.filename,
      '--inside',
      far,
      '--connects',
      options.connects,
      '--syns',
      options.syns,
      '--bursts',
      options.bursts,
      '--capturers',
      options.capturers,
      ...(options.json ? ['--json'] : []),
      ...(options.settings ? ['--settings'] : []),
    ];
    const { status } = spawnSync('ip', ['netns', 'exec', near, ...again], { stdio: 'inherit' });
    process.exitCode = status ?? 1;
  } finally {
    for (const name of [near, far]) spawnSync('ip', ['netns', 'del', name]);
  }
}
