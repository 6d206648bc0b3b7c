import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Pool, type QueryResultRow } from 'pg';

const project = path.join(__dirname, '../..');
const binary = process.env.ROWCAST_BINARY ?? path.join(project, 'target/debug/rowcast');

/** The first start creates a Postgres cluster and its demo data. */
const START_LIMIT_MS = 60_000;
const STOP_LIMIT_MS = 20_000;
/** How often a starting server is asked whether it is ready. */
const PROBE_INTERVAL_MS = 50;

type Settings = Record<string, string | number | string[]>;

export interface LaunchOptions {
  environment?: NodeJS.ProcessEnv;
  settings?: Settings;
}

/**
 * One real `rowcast serve` with data of its own: a private Postgres in a temporary folder, filled with the demo inventory.
 * The port and the data stay the same over `kill`, `stop` and `start`.
 */
export class Server {
  /** What the server printed, both streams, line by line. */
  readonly log: string[] = [];
  private process: ChildProcess | undefined;
  private pool: Pool | undefined;

  private constructor(
    readonly port: number,
    private readonly folder: string,
    private readonly extraEnvironment: NodeJS.ProcessEnv,
  ) {}

  /**
   * A server that answers, on new data, to which everybody is staff unless `anonymous` says otherwise. `environment` is added to that of the process; `settings` replace lines of Leptos.toml,
   * commented out or not, by key.
   */
  static async launch({ environment = {}, settings = {} }: LaunchOptions = {}): Promise<Server> {
    // A short path, for a Unix socket will be somewhere below it; open to others, for Postgres runs as another user under root.
    const base = process.platform === 'win32' ? os.tmpdir() : '/tmp';
    const folder = await fs.mkdtemp(path.join(base, 'rowcast-e2e-'));
    await fs.chmod(folder, 0o755);
    const file = path.join(folder, 'Leptos.toml');
    await fs.writeFile(file, configure(await fs.readFile(path.join(project, 'Leptos.toml'), 'utf8'), { anonymous: 'staff', ...settings }));
    const server = new Server(await freePort(), folder, { ROWCAST_CONFIG: file, ...environment });
    process.once('exit', server.endWithWorker);
    try {
      await server.start();
    } catch (error) {
      await server.dispose();
      throw error;
    }
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get dataDir(): string {
    return path.join(this.folder, 'data');
  }

  get pid(): number | undefined {
    return this.process?.pid;
  }

  private get environment(): NodeJS.ProcessEnv {
    const environment: NodeJS.ProcessEnv = { ...process.env, ...this.extraEnvironment, ROWCAST_DATA_DIR: this.dataDir };
    // It would point the server at a database that is not the test's.
    if (!('DATABASE_URL' in this.extraEnvironment)) delete environment.DATABASE_URL;
    return environment;
  }

  /** When the worker ends without having disposed of its servers; each then ends its Postgres itself. */
  private readonly endWithWorker = () => void this.process?.kill('SIGTERM');

  /** Starts the program and returns when `/healthz` answers 200. */
  async start(): Promise<void> {
    if (this.process) throw new Error('The server runs already.');
    const child = spawn(binary, ['serve', '--listen', `127.0.0.1:${this.port}`], {
      cwd: project,
      env: this.environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.process = child;
    this.note(`started as process ${child.pid}`);
    for (const stream of [child.stdout, child.stderr]) this.collect(stream);
    child.once('error', (error) => this.note(`could not be started: ${error.message}`));
    child.once('exit', (code, signal) => {
      this.note(`ended (${signal ?? `code ${code}`})`);
      if (this.process === child) this.process = undefined;
    });
    await this.healthy();
  }

  /** Returns when `/healthz` answers 200; fails at once when the program ends instead. */
  async healthy(limitMs = START_LIMIT_MS): Promise<void> {
    const deadline = Date.now() + limitMs;
    for (;;) {
      if (!this.process) throw new Error(`The server ended instead of starting:\n${this.tail()}`);
      const status = await this.probe();
      if (status === 200) return;
      if (Date.now() > deadline) {
        throw new Error(`/healthz did not answer 200 within ${limitMs} ms (last: ${status ?? 'nothing'}):\n${this.tail()}`);
      }
      await delay(PROBE_INTERVAL_MS);
    }
  }

  /** The status of `/healthz` now, or nothing if no one answers. */
  async probe(): Promise<number | undefined> {
    try {
      return (await fetch(`${this.url}/healthz`, { signal: AbortSignal.timeout(5_000) })).status;
    } catch {
      return undefined;
    }
  }

  /** As a crash or the kernel would: SIGKILL. Returns when the process is gone. */
  async kill(): Promise<void> {
    await this.end('SIGKILL');
  }

  /** As an operator would: SIGTERM. Fails if the server does not end in time. */
  async stop(): Promise<void> {
    await this.end('SIGTERM');
  }

  private async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const child = this.process;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit', { signal: AbortSignal.timeout(STOP_LIMIT_MS) });
    child.kill(signal);
    await ended.catch((cause) => {
      throw new Error(`The server did not end within ${STOP_LIMIT_MS} ms of ${signal}:\n${this.tail()}`, { cause });
    });
  }

  /** Runs SQL on this server's database and returns the rows. */
  readonly sql = async <Row extends QueryResultRow = QueryResultRow>(text: string, params: unknown[] = []): Promise<Row[]> => {
    const pool = await this.connect();
    return (await pool.query<Row>(text, params.length ? params : undefined)).rows;
  };

  /** Runs `work` in one transaction, on one connection: committed when it returns, rolled back when it throws. */
  async transaction<T>(work: (sql: Server['sql']) => Promise<T>): Promise<T> {
    const client = await (await this.connect()).connect();
    try {
      await client.query('begin');
      const result = await work(async (text, params = []) => (await client.query(text, params.length ? params : undefined)).rows as never);
      await client.query('commit');
      return result;
    } catch (error) {
      await client.query('rollback').catch(() => {});
      throw error;
    } finally {
      client.release();
    }
  }

  private async connect(): Promise<Pool> {
    if (!this.pool) {
      this.pool = new Pool({ connectionString: (await this.command('database', 'url')).trim(), max: 8 });
      // Connections that wait in the pool end when a test stops Postgres; the next query opens another.
      this.pool.on('error', () => {});
    }
    return this.pool;
  }

  /** Runs `rowcast` with these arguments on this server's data and returns what it printed. */
  async command(...args: string[]): Promise<string> {
    const { stdout } = await promisify(execFile)(binary, args, { cwd: project, env: this.environment });
    return stdout;
  }

  /** The process of this server's private Postgres, if there is one. */
  async postgresPid(): Promise<number | undefined> {
    const entries = await fs.readdir(this.folder, { recursive: true }).catch(() => []);
    const file = entries.find((entry) => path.basename(entry) === 'postmaster.pid');
    if (!file) return undefined;
    const pid = Number((await fs.readFile(path.join(this.folder, file), 'utf8').catch(() => '')).split('\n')[0]);
    return pid > 0 && alive(pid) ? pid : undefined;
  }

  /** Ends the private Postgres under the running server: SIGINT closes its connections, SIGQUIT is a crash. */
  async stopPostgres(signal: 'SIGINT' | 'SIGQUIT' = 'SIGINT'): Promise<void> {
    const pid = await this.postgresPid();
    if (!pid) throw new Error('No private Postgres runs.');
    process.kill(pid, signal);
    await gone(pid, STOP_LIMIT_MS);
  }

  /** Ends everything and removes the data. */
  async dispose(): Promise<void> {
    await this.pool?.end().catch(() => {});
    await this.stop().catch(() => this.kill());
    // After a SIGKILL nobody has ended Postgres.
    const pid = await this.postgresPid();
    if (pid) {
      process.kill(pid, 'SIGQUIT');
      await gone(pid, STOP_LIMIT_MS);
    }
    process.off('exit', this.endWithWorker);
    await fs.rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  /** The last lines of the log. */
  tail(lines = 40): string {
    return this.log.slice(-lines).join('\n');
  }

  private collect(stream: NodeJS.ReadableStream): void {
    let rest = '';
    stream.setEncoding('utf8');
    stream.on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      this.log.push(...lines);
    });
    stream.on('end', () => {
      if (rest) this.log.push(rest);
    });
  }

  private note(line: string): void {
    this.log.push(`— ${new Date().toISOString()} ${line}`);
  }
}

function configure(text: string, settings: Settings): string {
  return Object.entries(settings).reduce((configured, [key, value]) => {
    const line = new RegExp(`^(# )?${key} = .*$`, 'm');
    if (!line.test(configured)) throw new Error(`Leptos.toml does not mention ${key}.`);
    return configured.replace(line, `${key} = ${JSON.stringify(value)}`);
  }, text);
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

async function gone(pid: number, limitMs: number): Promise<void> {
  const deadline = Date.now() + limitMs;
  while (alive(pid)) {
    if (Date.now() > deadline) throw new Error(`Process ${pid} did not end within ${limitMs} ms.`);
    await delay(PROBE_INTERVAL_MS);
  }
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}
