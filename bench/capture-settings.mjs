/**
 * What the settings of a capturer give: the ring that libpcap makes of them, how many short frames wait in it while the capturer waits
 * for a core, how late a lone frame is handed out, and the processor time that each frame costs the capturer.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { median } from './measure.mjs';

const MEBIBYTE = 1024 * 1024;
const CAP_CHILD = join(import.meta.dirname, '../dist/bundle/cap-child.js');
/** Of /proc: sysconf(_SC_CLK_TCK), 100 on every Linux that Node runs on. */
const TICKS_A_SECOND = 100;
/** Only what is sent here: no ARP, no ICMP. */
const FILTER = 'udp or tcp';
const DELAYS = 25;
/** Longer than any capturer waits by itself. */
const QUIET_MILLIS = 1500;

const tcpdump = (mebibytes, snap, immediate) => ({
  name: `tcpdump -U -B ${mebibytes * 1024} -s ${snap}${immediate ? ' --immediate-mode' : ''}`,
  file: 'tcpdump',
  args: [
    ...['-n', '-U', '-w', '-', '-i', 'bench0', '-s', `${snap}`, '-B', `${mebibytes * 1024}`],
    ...(immediate ? ['--immediate-mode', FILTER] : [FILTER]),
  ],
  drops: /(\d+) packets? dropped by kernel/,
  end: (child) => child.kill('SIGINT'),
});
const dumpcap = (mebibytes, snap) => ({
  name: `dumpcap -B ${mebibytes} -s ${snap}`,
  file: 'dumpcap',
  args: ['-q', '-P', '-w', '-', '-i', 'bench0', '-s', `${snap}`, '-B', `${mebibytes}`, '-f', FILTER],
  drops: /received\/dropped on interface .*: \d+\/(\d+) /,
  end: (child) => child.kill('SIGINT'),
});
const cap = (mebibytes) => ({
  name: `cap, buffer ${mebibytes} MiB`,
  file: process.execPath,
  args: [
    CAP_CHILD,
    JSON.stringify({ interface: 'bench0', filter: FILTER, snapLength: 256, bufferBytes: mebibytes * MEBIBYTE }),
  ],
  drops: null,
  end: (child) => child.stdin.end(),
});

/** What `sniff` takes of each by itself is the second of them. */
const SETTINGS = {
  tcpdump: [
    tcpdump(2, 256, true),
    tcpdump(64, 256, true),
    tcpdump(256, 256, true),
    tcpdump(64, 65_535, true),
    tcpdump(64, 256, false),
    tcpdump(64, 65_535, false),
  ],
  dumpcap: [dumpcap(2, 256), dumpcap(64, 256), dumpcap(256, 256), dumpcap(64, 65_535)],
  cap: [cap(10), cap(100), cap(1000)],
};

const sleep = (millis) => new Promise((resolve) => setTimeout(resolve, millis));

/** User and system time of a process, in seconds (proc_pid_stat(5)). */
function cpuOf(pid) {
  const [, rest] = /\) (.*)/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  const fields = rest.split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_A_SECOND;
}

/** Starts a capturer and counts the records of the pcap stream that it writes; settles when that has begun. */
async function start({ file, args }) {
  const child = spawn(file, args, { env: { ...process.env, LC_ALL: 'C' }, stdio: ['pipe', 'pipe', 'pipe'] });
  const run = { child, frames: 0, said: '', last: 0, onFrame: null };
  run.closed = new Promise((resolve) => child.once('close', resolve));
  child.stderr.on('data', (text) => {
    run.said += text;
  });
  let rest = Buffer.alloc(0);
  let at = 24;
  const begun = new Promise((resolve, reject) => {
    run.closed.then(() => reject(new Error(`${file}: ${run.said}`)));
    child.stdout.on('data', (piece) => {
      resolve();
      run.last = performance.now();
      rest = rest.length === 0 ? piece : Buffer.concat([rest, piece]);
      while (at + 16 <= rest.length) {
        run.frames++;
        at += 16 + rest.readUInt32LE(at + 8);
      }
      const done = Math.min(at, rest.length);
      rest = rest.subarray(done);
      at -= done;
      run.onFrame?.();
    });
  });
  // tcpdump writes the header when its first frame comes.
  if (file === 'tcpdump') while (!run.said.includes('listening on')) await Promise.race([sleep(20), run.closed]);
  else await begun;
  begun.catch(() => {});
  await sleep(300);
  return run;
}

/** The ring of the one packet socket of this namespace. */
function describeRing() {
  const { stdout } = spawnSync('ss', ['-0', '-a', '-e', '-m', '-i'], { encoding: 'utf8' });
  const [, size, blocks, frame, frames] =
    /ring_rx\(blk_size:(\d+),blk_nr:(\d+),frm_size:(\d+),frm_nr:(\d+)/.exec(stdout) ?? [];
  if (size === undefined) return 'none';
  // A slot as long as its block: TPACKET_V3, in which frames are as long as they are.
  const slots = frame === size ? 'frames close together' : `${frames} slots of ${frame} bytes`;
  return `${blocks} blocks of ${size / 1024} KiB, ${slots}`;
}

async function quiet(run) {
  do await sleep(200);
  while (performance.now() - run.last < QUIET_MILLIS);
}

function send(peer, path) {
  const child = spawn('ip', ['netns', 'exec', peer, 'tcpreplay', '-q', '-K', '--topspeed', '-i', 'bench1', path], {
    stdio: 'ignore',
  });
  return new Promise((resolve) => child.once('close', resolve));
}

async function measureOne(setting, peer, path, count) {
  const run = await start(setting);
  const ring = describeRing();

  const delays = [];
  const socket = createSocket('udp4');
  for (let sample = 0; sample < DELAYS; sample++) {
    // Not in step with what waits for so many milliseconds.
    await sleep(300 + Math.random() * 200);
    const came = new Promise((resolve) => {
      run.onFrame = () => resolve(performance.now());
    });
    const sent = performance.now();
    socket.send('x', 9, '192.0.2.2');
    delays.push((await came) - sent);
  }
  socket.close();
  run.onFrame = null;
  delays.sort((a, b) => a - b);

  const before = { frames: run.frames, cpu: cpuOf(run.child.pid) };
  await send(peer, path);
  await quiet(run);
  const read = run.frames - before.frames;
  const micros = ((cpuOf(run.child.pid) - before.cpu) / read) * 1e6;

  // It gets no core while all of the burst comes: what is there afterwards had waited in the kernel.
  run.child.kill('SIGSTOP');
  const earlier = run.frames;
  await send(peer, path);
  run.child.kill('SIGCONT');
  run.last = performance.now();
  await quiet(run);
  const held = run.frames - earlier;

  setting.end(run.child);
  await run.closed;
  const told = setting.drops === null ? null : Number(setting.drops.exec(run.said)?.[1]);
  return { ring, delay: median(delays), micros, read, held, lost: 2 * count - read - held, told };
}

/** Prints a row for each setting of these capturers. */
export async function measureSettings(capturers, peer, path, count) {
  console.log(
    `| setting | ring in the kernel | a lone frame is handed out after (median) | CPU of the capturer a frame | of ${count} frames, kept while it gets no core | of ${count}, read as they come | lost in both, told |\n|---|---|---|---|---|---|---|`,
  );
  for (const name of capturers)
    for (const setting of SETTINGS[name]) {
      const { ring, delay, micros, read, held, lost, told } = await measureOne(setting, peer, path, count);
      console.log(
        `| \`${setting.name}\` | ${ring} | ${delay.toFixed(1)} ms | ${micros.toFixed(1)} us | ${held} | ${read} | ${lost}, ${told ?? 'not told'} |`,
      );
    }
}
