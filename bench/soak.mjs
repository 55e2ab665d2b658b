/**
 * npm run soak [-- --duration 5m --rate 5000 --kills N --untimed]
 *
 * A live run as a service has it, between two network namespaces (root only): SYNs to port 0 from changing sources and ordinary
 * connections beside them, with evidence, records that rotate, metrics, and a page that is read. Prints how memory and CPU go, and whether all that was
 * sent was counted or told as lost, and every file can be read. With --kills it is killed so many times at random (kill -9), and
 * started again; then every file must be readable up to its last second, and no capturer left behind. Exit status 1 where not.
 * With --untimed nothing is asked of memory, CPU and delays, which a machine that does other things cannot promise.
 */
import { spawn, spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { CaptureFile } from './capture-file.mjs';
import { writeFlood, writeShort } from './traffic.mjs';

const BIN = join(import.meta.dirname, '../bin/portzero.js');
const { values: options } = parseArgs({
  options: {
    duration: { type: 'string', default: '5m' },
    rate: { type: 'string', default: '5000' },
    kills: { type: 'string', default: '0' },
    untimed: { type: 'boolean', default: false },
    /** Set when it runs in the sensor's namespace: the other one. */
    inside: { type: 'string' },
  },
});
const [, count, unit] = /^(\d+)([smh])$/.exec(options.duration) ?? [];
const seconds = Number(count) * { s: 1, m: 60, h: 3600 }[unit];
const rate = Number(options.rate);
const kills = Number(options.kills);
/** Of the first and last part, how far memory and CPU may be apart. */
const TOLERANCE = 0.05;
const CAPTURED = 400_000;
/** Records of statistics come each second, if the machine has a moment for them. */
const LAST_MILLIS = 1500;

const sleep = (millis) => new Promise((resolve) => setTimeout(resolve, millis));
const failures = [];
const check = (holds, what) => {
  console.log(`${holds ? 'ok  ' : 'FAIL'} ${what}`);
  if (!holds) failures.push(what);
};

function must(file, ...args) {
  const { status, stderr } = spawnSync(file, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${file} ${args.join(' ')}: ${stderr}`);
}

async function startSniff(folder) {
  const args = [
    ...['sniff', 'soak0', '--backend', 'tcpdump', '--filter', '', '--quiet', '--answer-timeout', '2s'],
    ...['-w', join(folder, 'evidence.pcapng'), '-f', 'eve', '-o', join(folder, 'eve.json'), '--stats-interval', '1s'],
    ...['--rotate', '20MB', '--max-disk', '300MB', '--max-listed', '100', '--metrics', '9464'],
    ...['--serve', '9465'],
  ];
  const log = openSync(join(folder, 'log'), 'a');
  const child = spawn(process.execPath, [BIN, ...args], { cwd: folder, stdio: ['ignore', 'ignore', log] });
  closeSync(log);
  for (let turn = 0; (await readMetrics())?.get('portzero_capturing') !== 1; turn++) {
    if (turn === 300) throw new Error(`does not start: ${readFileSync(join(folder, 'log'), 'utf8')}`);
    await sleep(100);
  }
  return child;
}

async function readMetrics() {
  try {
    const text = await (await fetch('http://127.0.0.1:9464/metrics')).text();
    const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    return new Map(lines.map((line) => line.split(/ (?=\S+$)/)).map(([name, value]) => [name, Number(value)]));
  } catch {
    return null;
  }
}

/** Reads the page's events as a browser does; `view` is the last one. */
function watchPage() {
  const page = { events: 0, view: null, ended: null };
  page.ended = (async () => {
    const { body } = await fetch('http://127.0.0.1:9465/events');
    let text = '';
    for await (const chunk of body.pipeThrough(new TextDecoderStream())) {
      const events = (text + chunk).split('\n\n');
      text = events.pop();
      for (const event of events) {
        const data = /^data: (.*)$/m.exec(event)?.[1];
        if (data === undefined) continue;
        page.events++;
        page.view = JSON.parse(data);
      }
    }
  })().catch((error) => error);
  return page;
}

/** Frames that tcpreplay sends at a time. Between single frames it looks at the clock on a whole core, between bursts it can sleep. */
const BURST = 20;

/** Sends a capture over and over. */
function replay(peer, path, pps) {
  const pace = [`--pps=${pps}`, `--pps-multi=${BURST}`, '--timer=nano'];
  const args = ['netns', 'exec', peer, 'tcpreplay', '-K', ...pace, '--loop=0', '-i', 'soak1', path];
  const child = spawn('ip', args, { stdio: 'ignore' });
  const ended = new Promise((resolve) => child.once('close', resolve));
  return {
    stop() {
      child.kill('SIGINT');
      return ended;
    },
  };
}

/** Frames that have come to the interface, as the kernel counts them; tcpreplay that is interrupted is one short. */
function countArrived() {
  const { stdout } = spawnSync('ip', ['-s', '-j', 'link', 'show', 'soak0'], { encoding: 'utf8' });
  return JSON.parse(stdout)[0].stats64.rx.packets;
}

/** Names of files that cannot be read to a whole record. */
function findUnreadable(folder, isKilled) {
  const bad = [];
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (name.endsWith('.pcapng')) {
      const { status, stderr } = spawnSync('tshark', ['-r', path, '-T', 'fields', '-e', 'frame.number'], {
        encoding: 'utf8',
        maxBuffer: 1 << 28,
      });
      // Of a block that was being written when it was killed a part may be there.
      if (status !== 0 && !(isKilled && /cut short/.test(stderr))) bad.push(`${name}: ${stderr.slice(0, 200)}`);
    } else if (name.endsWith('.json')) {
      const lines = readFileSync(path, 'utf8').split('\n');
      const last = lines.pop();
      if (last !== '' && !isKilled) bad.push(`${name}: its last line is cut`);
      try {
        for (const line of lines) JSON.parse(line);
      } catch (error) {
        bad.push(`${name}: ${error.message}`);
      }
    }
  }
  return bad;
}

/** What the kept files begin with may belong to records or frames that were removed for the room that they took. */
const EDGE_SECONDS = 5;

/** SYNs that the kept records flag, and those of them that no kept file of evidence has: by address, port and nanosecond. */
function findWithoutEvidence(folder) {
  const listKept = (ending) =>
    readdirSync(folder)
      .filter((name) => name.endsWith(ending))
      .sort();
  const evidence = new Set();
  let from = null;
  for (const name of listKept('.pcapng')) {
    const fields = ['frame.time_epoch', 'ip.src', 'tcp.srcport'].flatMap((field) => ['-e', field]);
    const { stdout } = spawnSync('tshark', ['-r', join(folder, name), '-T', 'fields', ...fields], {
      encoding: 'utf8',
      maxBuffer: 1 << 28,
    });
    for (const line of stdout.split('\n')) {
      if (line === '') continue;
      const [seconds, nanos] = line.split('\t', 1)[0].split('.');
      from ??= Number(seconds) + EDGE_SECONDS;
      if (Number(seconds) >= from) evidence.add(`${seconds}.${nanos} ${line.split('\t').slice(1).join(' ')}`);
    }
  }
  let flagged = 0;
  let missing = 0;
  for (const name of listKept('.json'))
    for (const line of readFileSync(join(folder, name), 'utf8').split('\n')) {
      const { ruleId, time } = /"event_type":"alert"/.test(line) ? JSON.parse(line).portzero.finding : {};
      if (ruleId !== 'syn-to-port-zero') continue;
      const seconds = Math.floor(Date.parse(time) / 1000);
      if (from !== null && seconds < from) continue;
      const { src_ip: address, src_port: port } = JSON.parse(line);
      const nanos = /\.(\d+)/.exec(time)[1].padEnd(9, '0');
      flagged++;
      if (!evidence.has(`${seconds}.${nanos} ${address} ${port}`)) missing++;
    }
  return { flagged, missing };
}

/** Time of the newest record, in milliseconds; a file that has just been begun has none. */
function findLatest(folder) {
  const newest = readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .slice(-2);
  const times = newest.flatMap((name) => [
    ...readFileSync(join(folder, name), 'utf8').matchAll(/^\{"timestamp":"([^"]+)"/gm),
  ]);
  return times.reduce((latest, [, time]) => Math.max(latest, Date.parse(time.replace(/(\.\d{3})\d+/, '$1'))), 0);
}

/** In this namespace: another run may capture in its own. */
const isCapturing = () =>
  spawnSync('pgrep', ['--ns', String(process.pid), '--nslist', 'net', '-f', '^tcpdump .*-i soak0']).status === 0;
const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
const percent = (share) => `${(share * 100).toFixed(1)} %`;

async function soak(folder, peer, captures) {
  const sensor = await startSniff(folder);
  const ended = new Promise((resolve) => sensor.once('close', resolve));
  const page = watchPage();
  const arrivedBefore = countArrived();
  const traffic = captures.map(([path, pps]) => replay(peer, path, pps));
  const samples = [];
  const begun = performance.now();
  let before = await readMetrics();
  const every = Math.max(2, Math.min(30, seconds / 60));
  let missed = 0;
  let told = 0;
  while ((performance.now() - begun) / 1000 < seconds) {
    await sleep(every * 1000);
    const now = await readMetrics();
    if (now === null) {
      // A process that waits for a core may miss a moment; one that ended does not come back.
      if (sensor.exitCode === null && sensor.signalCode === null && ++missed < 5) continue;
      throw new Error(`gone: ${readFileSync(join(folder, 'log'), 'utf8')}`);
    }
    missed = 0;
    const frames = now.get('portzero_frames_total') - before.get('portzero_frames_total');
    const cpu = now.get('process_cpu_seconds_total') - before.get('process_cpu_seconds_total');
    samples.push({
      at: (performance.now() - begun) / 1000,
      memory: now.get('process_resident_memory_bytes') / 1e6,
      micros: (cpu / frames) * 1e6,
      open: now.get('portzero_open_exchanges'),
      lag: now.get('portzero_lag_seconds'),
    });
    before = now;
    const { at, memory, micros, open } = samples.at(-1);
    if (at < told + 60) continue;
    told = at;
    const lost = now.get('portzero_dropped_frames_total') ?? 0;
    console.log(
      `${at.toFixed(0)} s: ${memory.toFixed(0)} MB, ${micros.toFixed(1)} us a frame, ${open} open, ${countArrived() - arrivedBefore} sent, ${now.get('portzero_frames_total')} counted, ${lost} lost`,
    );
  }
  await Promise.all(traffic.map((it) => it.stop()));
  const sent = countArrived() - arrivedBefore;
  // What is on its way.
  for (let last = -1, now = 0; now !== last; ) {
    last = now;
    await sleep(1500);
    now = (await readMetrics()).get('portzero_frames_total');
  }
  const total = await readMetrics();
  const health = await (await fetch('http://127.0.0.1:9464/healthz')).json();
  sensor.kill('SIGINT');
  const status = await ended;
  console.log('\n| after | resident | CPU a frame | open exchanges | lag |\n|---|---|---|---|---|');
  const step = Math.max(1, Math.floor(samples.length / 12));
  for (const { at, memory, micros, open, lag } of samples.filter((_, index) => index % step === 0))
    console.log(
      `| ${at.toFixed(0)} s | ${memory.toFixed(0)} MB | ${micros.toFixed(1)} us | ${open} | ${lag.toFixed(2)} s |`,
    );
  console.log('');
  // A first part to warm up in, ten minutes at most; what is left in halves.
  const warm = samples.filter(({ at }) => at > Math.min(600, seconds / 3));
  const [first, last] = [warm.slice(0, warm.length / 2), warm.slice(warm.length / 2)];
  for (const [name, key] of [
    ['resident memory', 'memory'],
    ['CPU a frame', 'micros'],
  ]) {
    const [a, b] = [first, last].map((part) => mean(part.map((sample) => sample[key])));
    if (!options.untimed)
      check(b <= a * (1 + TOLERANCE), `${name}: ${a.toFixed(1)} in the first half, ${b.toFixed(1)} in the second`);
  }
  const counted = total.get('portzero_frames_total');
  const lost = total.get('portzero_dropped_frames_total') ?? 0;
  check(counted + lost === sent, `${sent} frames sent = ${counted} counted + ${lost} told as lost`);
  const missing = total.get('portzero_evidence_missing_frames_total');
  check(missing === 0, `${missing} frames of evidence missing (${percent(missing / counted)})`);
  check(lost > 0 || health.status === 'ok', `health: ${JSON.stringify(health)}`);
  await page.ended;
  const shown = page.view?.frames ?? 0;
  check(
    page.view?.ended === true && shown === counted,
    `${page.events} events for a page, the last of ${shown} frames`,
  );
  const { flagged, missing: without } = findWithoutEvidence(folder);
  check(flagged > 0 && without === 0, `${flagged} SYNs flagged in the kept records, ${without} without their frame`);
  check(status === 1 || (lost > 0 && status === 2), `exit status ${status}`);
  const unreadable = findUnreadable(folder, false);
  check(unreadable.length === 0, `files that cannot be read: ${unreadable.join('; ') || 'none'}`);
  check(!isCapturing(), 'no capturer is left');
  console.log(readFileSync(join(folder, 'log'), 'utf8').slice(-10_000));
}

async function killOften(folder, peer, captures) {
  const traffic = captures.map(([path, pps]) => replay(peer, path, pps));
  let left = 0;
  for (let kill = 0; kill < kills; kill++) {
    const sensor = await startSniff(folder);
    const ended = new Promise((resolve) => sensor.once('close', resolve));
    await sleep(200 + Math.random() * 2000);
    // Frames that wait in the capturer when it is killed are in no record.
    const lag = ((await readMetrics())?.get('portzero_lag_seconds') ?? 0) * 1000;
    const killed = Date.now();
    sensor.kill('SIGKILL');
    await ended;
    for (let turn = 0; isCapturing() && turn < 50; turn++) await sleep(100);
    if (isCapturing()) left++;
    const age = killed - findLatest(folder);
    if (!options.untimed && age > LAST_MILLIS + lag)
      failures.push(`kill ${kill + 1}: the last record is ${age} ms old`);
  }
  await Promise.all(traffic.map((it) => it.stop()));
  check(failures.length === 0, `${kills} kills: records up to the last second ${failures.join('; ')}`);
  check(left === 0, `${left} times a capturer was left behind`);
  const unreadable = findUnreadable(folder, true);
  check(unreadable.length === 0, `files that cannot be read: ${unreadable.join('; ') || 'none'}`);
}

async function inside(peer) {
  const folder = mkdtempSync(join(tmpdir(), 'portzero-soak-'));
  try {
    const captures = [
      ['syns.pcap', writeFlood, rate],
      ['short.pcap', writeShort, Math.ceil(rate / 2)],
    ].map(([name, write, pps]) => {
      const path = join(folder, name);
      const file = new CaptureFile(path);
      write(file, CAPTURED);
      file.close();
      return [path, pps];
    });
    if (kills > 0) await killOften(folder, peer, captures);
    else await soak(folder, peer, captures);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  process.exitCode = failures.length > 0 ? 1 : 0;
}

if (options.inside !== undefined) await inside(options.inside);
else {
  const [near, far] = [`pzs${process.pid}n`, `pzs${process.pid}f`];
  try {
    for (const name of [near, far]) must('ip', 'netns', 'add', name);
    must('ip', 'link', 'add', 'soak0', 'netns', near, 'type', 'veth', 'peer', 'name', 'soak1', 'netns', far);
    for (const [name, device] of [
      [near, 'soak0'],
      [far, 'soak1'],
    ]) {
      // Nobody speaks but us, and nobody answers.
      must('ip', 'netns', 'exec', name, 'sysctl', '-q', '-w', 'net.ipv6.conf.all.disable_ipv6=1');
      must('ip', '-n', name, 'link', 'set', device, 'arp', 'off', 'up');
      must('ip', '-n', name, 'link', 'set', 'lo', 'up');
    }
    await sleep(500);
    const { duration } = options;
    const again = ['--inside', far, '--duration', duration, '--rate', options.rate, '--kills', options.kills];
    if (options.untimed) again.push('--untimed');
    const { status } = spawnSync('ip', ['netns', 'exec', near, process.execPath, import.meta.filename, ...again], {
      stdio: 'inherit',
    });
    process.exitCode = status ?? 1;
  } finally {
    for (const name of [near, far]) {
      // What still sends there where it ended in the middle.
      const { stdout } = spawnSync('ip', ['netns', 'pids', name], { encoding: 'utf8' });
      for (const pid of (stdout ?? '').split('\n').filter((line) => line !== '')) process.kill(Number(pid), 'SIGKILL');
      spawnSync('ip', ['netns', 'del', name]);
    }
  }
}
