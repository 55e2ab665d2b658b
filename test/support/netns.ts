/**
 * Network namespaces with real stacks in them, for live tests. Needs root and iproute2; see requireRoot() of tools.ts.
 * A lab is two hosts on one link, or two hosts with a router between them; IPv4 and IPv6 with documentation addresses.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';

let labs = 0;

export interface Host {
  /** Name of the namespace. */
  readonly name: string;
  /** Its interface towards the other host. */
  readonly interface: string;
  readonly ipv4: string;
  readonly ipv6: string;
}

export interface RunResult {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A program in a namespace, and what it has said so far. */
export class Running {
  readonly child: ChildProcess;
  stdout = '';
  stderr = '';
  readonly #ended: Promise<number | null>;
  #waiters: (() => void)[] = [];

  constructor(child: ChildProcess) {
    this.child = child;
    const wake = () => {
      const waiters = this.#waiters;
      this.#waiters = [];
      for (const waiter of waiters) waiter();
    };
    child.stdout?.on('data', (chunk) => {
      this.stdout += chunk;
      wake();
    });
    child.stderr?.on('data', (chunk) => {
      this.stderr += chunk;
      wake();
    });
    this.#ended = once(child, 'close').then(([status]) => {
      wake();
      return status as number | null;
    });
  }

  /** Exit status; null when a signal ended it. */
  get ended(): Promise<number | null> {
    return this.#ended;
  }

  /** Settles when what it has said so far satisfies `done`; rejects when it ends before that. */
  async until(done: (running: Running) => boolean, what = 'the expected output'): Promise<void> {
    let over = false;
    void this.#ended.then(() => {
      over = true;
    });
    while (!done(this)) {
      if (over) throw new Error(`ended before ${what}; it said: ${this.stdout}${this.stderr}`);
      await new Promise<void>((resolve) => {
        this.#waiters.push(resolve);
        setTimeout(resolve, 50);
      });
    }
  }
}

export class Lab {
  readonly client: Host;
  readonly server: Host;
  /** Between the two; null when they share a link. Its addresses are those on the client's link. */
  readonly router: Host | null;
  readonly #started: Running[] = [];

  private constructor(client: Host, server: Host, router: Host | null) {
    this.client = client;
    this.server = server;
    this.router = router;
  }

  /** Client 192.0.2.1 and server 192.0.2.2, 2001:db8::1 and ::2, on one link. */
  static pair(): Lab {
    const id = `pz${process.pid}x${labs++}`;
    const client: Host = { name: `${id}c`, interface: 'cl0', ipv4: '192.0.2.1', ipv6: '2001:db8::1' };
    const server: Host = { name: `${id}s`, interface: 'sv0', ipv4: '192.0.2.2', ipv6: '2001:db8::2' };
    const lab = new Lab(client, server, null);
    lab.#build(() => {
      lab.#connect(client.name, client.interface, ['192.0.2.1/24', '2001:db8::1/64'], server.name, server.interface, [
        '192.0.2.2/24',
        '2001:db8::2/64',
      ]);
    });
    return lab;
  }

  /** Client 192.0.2.1, router 192.0.2.254 and 198.51.100.254, server 198.51.100.2; 2001:db8:1:: and 2001:db8:2::. */
  static routed(): Lab {
    const id = `pz${process.pid}x${labs++}`;
    const client: Host = { name: `${id}c`, interface: 'cl0', ipv4: '192.0.2.1', ipv6: '2001:db8:1::1' };
    const server: Host = { name: `${id}s`, interface: 'sv0', ipv4: '198.51.100.2', ipv6: '2001:db8:2::2' };
    const router: Host = { name: `${id}r`, interface: 'rt0', ipv4: '192.0.2.254', ipv6: '2001:db8:1::fe' };
    const lab = new Lab(client, server, router);
    lab.#build(() => {
      lab.#connect(client.name, 'cl0', ['192.0.2.1/24', '2001:db8:1::1/64'], router.name, 'rt0', [
        '192.0.2.254/24',
        '2001:db8:1::fe/64',
      ]);
      lab.#connect(server.name, 'sv0', ['198.51.100.2/24', '2001:db8:2::2/64'], router.name, 'rt1', [
        '198.51.100.254/24',
        '2001:db8:2::fe/64',
      ]);
      lab.sysctl(router, 'net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1');
      lab.ip(client, 'route', 'add', 'default', 'via', '192.0.2.254');
      lab.ip(client, '-6', 'route', 'add', 'default', 'via', '2001:db8:1::fe');
      lab.ip(server, 'route', 'add', 'default', 'via', '198.51.100.254');
      lab.ip(server, '-6', 'route', 'add', 'default', 'via', '2001:db8:2::fe');
    });
    return lab;
  }

  get #hosts(): Host[] {
    return [this.client, this.server, ...(this.router ? [this.router] : [])];
  }

  #build(connect: () => void): void {
    try {
      for (const host of this.#hosts) {
        must('ip', ['netns', 'add', host.name]);
        this.ip(host, 'link', 'set', 'lo', 'up');
        // ICMP errors are rate limited (one a second to a peer); the tests ask more often than that.
        this.sysctl(host, 'net.ipv4.icmp_ratelimit=0', 'net.ipv6.icmp.ratelimit=0');
      }
      connect();
    } catch (error) {
      this.remove();
      throw error;
    }
  }

  #connect(a: string, aName: string, aAddresses: string[], b: string, bName: string, bAddresses: string[]): void {
    must('ip', ['link', 'add', aName, 'netns', a, 'type', 'veth', 'peer', 'name', bName, 'netns', b]);
    const ends = [
      { namespace: a, name: aName, addresses: aAddresses },
      { namespace: b, name: bName, addresses: bAddresses },
    ];
    for (const { namespace, name, addresses } of ends) {
      for (const address of addresses) must('ip', ['-n', namespace, 'addr', 'add', address, 'dev', name, 'nodad']);
      must('ip', ['-n', namespace, 'link', 'set', name, 'up']);
    }
    // IPv6 listens to neighbour solicitations a second after the link came up only; nobody is to wait for that.
    for (const [here, there] of [ends, ends.toReversed()]) {
      const [link] = JSON.parse(must('ip', ['-n', there!.namespace, '-j', 'link', 'show', there!.name])) as {
        address: string;
      }[];
      for (const address of there!.addresses) {
        const neighbour = [address.split('/')[0]!, 'lladdr', link!.address, 'dev', here!.name, 'nud', 'permanent'];
        must('ip', ['-n', here!.namespace, 'neigh', 'replace', ...neighbour]);
      }
    }
  }

  /** Runs iproute2's ip in the host's namespace. */
  ip(host: Host, ...args: string[]): void {
    must('ip', ['-n', host.name, ...args]);
  }

  sysctl(host: Host, ...settings: string[]): void {
    must('ip', ['netns', 'exec', host.name, 'sysctl', '-q', '-w', ...settings]);
  }

  /** Makes these the host's only nftables rules: a type and hook, as in "filter input", and what happens there. */
  nft(host: Host, ...rules: readonly (readonly [where: `${'filter' | 'nat'} ${string}`, rule: string])[]): void {
    const chains = rules.map(([where, rule], index) => {
      const [type, hook] = where.split(' ');
      return `chain c${index} {\n type ${type} hook ${hook} priority ${type === 'nat' ? -100 : 0};\n ${rule}\n }\n`;
    });
    must('ip', ['netns', 'exec', host.name, 'nft', '-f', '-'], `flush ruleset\ntable inet t {\n${chains.join('')}}\n`);
  }

  run(host: Host, command: readonly string[], input = ''): RunResult {
    const { status, stdout, stderr } = spawnSync('ip', ['netns', 'exec', host.name, ...command], {
      input,
      encoding: 'utf8',
      maxBuffer: 1 << 28,
    });
    return { status, stdout, stderr };
  }

  /** Starts a program; it is killed with the lab. */
  start(host: Host, command: readonly string[], env: NodeJS.ProcessEnv = process.env): Running {
    const running = new Running(
      spawn('ip', ['netns', 'exec', host.name, ...command], { env, stdio: ['pipe', 'pipe', 'pipe'] }),
    );
    this.#started.push(running);
    return running;
  }

  /** A TCP server on all addresses of the host that greets each client and closes. */
  async listen(host: Host, port: number): Promise<Running> {
    const script = `require('node:net').createServer((s) => { s.on('error', () => {}); s.end('hello\\n'); })
      .listen({ port: ${port}, host: '::' }, () => console.log('ready'))`;
    const running = this.start(host, [process.execPath, '-e', script]);
    await running.until(({ stdout }) => stdout.includes('ready'), 'the server listens');
    return running;
  }

  remove(): void {
    for (const { child } of this.#started) child.kill('SIGKILL');
    for (const host of this.#hosts) spawnSync('ip', ['netns', 'del', host.name]);
  }
}

function must(file: string, args: readonly string[], input = ''): string {
  const { status, stdout, stderr, error } = spawnSync(file, args, { input, encoding: 'utf8' });
  if (error) throw error;
  if (status !== 0) throw new Error(`${file} ${args.join(' ')}: ${stderr}`);
  return stdout;
}
