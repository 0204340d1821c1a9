import 'reflect-metadata';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { aggregate, decideAcross, DefinitionError, encodeEvent, event, t, uuidV7 } from '@leftfold/core';
import type { EventId, EventStore, ReadToken, Repository } from '@leftfold/core';
import { memory, memoryBroker } from '@leftfold/memory';
import type { MemoryStorage } from '@leftfold/memory';
import {
  contextOptions,
  InjectFreshness,
  InjectReadModels,
  InjectRepository,
  LeftfoldModule,
  noteWritten,
  optionsToken,
  ReadsOwnWrites,
  Token,
  type LeftfoldOptions,
} from '@leftfold/nestjs';
import { projection, type Freshness, type FoldedProjection, type Row } from '@leftfold/subscriptions';
import { Controller, Get, Inject, Module, NotFoundException, Param, Post } from '@nestjs/common';
import type { ExecutionContext } from '@nestjs/common';
import { CommandBus, CommandHandler, CqrsModule, type ICommandHandler } from '@nestjs/cqrs';
import { Test } from '@nestjs/testing';
import { describe, expect, onTestFinished, test } from 'vitest';

const noted = event('desk.note.noted', { text: t.string() });
const noteFold = aggregate('desk.note', {
  events: { noted },
  initial: () => ({ count: 0 }),
  refusals: { ENOUGH: 'There are enough notes' },
}).evolve({ noted: (state) => ({ count: state.count + 1 }) });
const notes = noteFold.decide({
  add: (state, { text }: { readonly text: string }, { refuse }) => {
    if (state.count >= 3) throw refuse('ENOUGH');
    return [noted({ text })];
  },
  look: () => [],
});
const list = projection('list', { version: 1, key: 'id', row: { id: t.string(), texts: t.string() } }).upsert(
  noted,
  (row, { data, stream }) => ({ id: stream.key, texts: `${row?.texts ?? ''}${data.text}` }),
);

class AddNote {
  readonly id: string;
  constructor(id: string) {
    this.id = id;
  }
}
@CommandHandler(AddNote)
class AddNoteHandler implements ICommandHandler<AddNote> {
  constructor(@InjectRepository(notes) private readonly repository: Repository<typeof notes>) {}
  async execute({ id }: AddNote): Promise<void> {
    await this.repository.add(id, { text: 'b' });
  }
}

interface Rows {
  one(table: string, key: string): Row | undefined;
}

@Controller('notes')
class NotesController {
  readonly #store: EventStore;

  constructor(
    @InjectRepository(notes) private readonly repository: Repository<typeof notes>,
    @InjectReadModels() private readonly rows: Rows,
    @InjectFreshness() private readonly freshness: Freshness,
    @Inject(CommandBus) private readonly bus: CommandBus,
    @Inject(optionsToken()) options: LeftfoldOptions,
  ) {
    this.#store = options.storage.store;
  }

  @Post(':id')
  async add(@Param('id') id: string) {
    await this.repository.add(id, { text: 'a' });
  }
  @Post(':id/bus')
  async addByBus(@Param('id') id: string) {
    await this.bus.execute(new AddNote(id));
  }
  /** In all the ways there are. */
  @Post(':id/all')
  async addAll(@Param('id') id: string) {
    await this.repository.add(id, { text: 'a' });
    await this.bus.execute(new AddNote(id));
    const across = { note: noteFold.ref(id) };
    await decideAcross(this.#store, across, () => ({ note: [noted({ text: 'c' })] }), { context: contextOptions });
    const made = encodeEvent(noted, noted({ text: 'd' }), uuidV7() as EventId, { correlationId: 'c' });
    const outcome = await this.#store.append([{ stream: noteFold.stream(id), expect: 'any', events: [made] }]);
    if (outcome.kind === 'appended') noteWritten(outcome.token);
  }
  /** The fourth is refused. */
  @Post(':id/many')
  async addMany(@Param('id') id: string) {
    for (let n = 0; n < 4; n++) await this.repository.add(id, { text: 'm' });
  }
  @Post(':id/look')
  async look(@Param('id') id: string) {
    await this.repository.look(id);
  }

  @Get('patient/:id')
  @ReadsOwnWrites([list], { waitMs: 20_000 })
  patient(@Param('id') id: string) {
    return this.show(id);
  }
  @Get('hasty/:id')
  @ReadsOwnWrites([list], { waitMs: 0 })
  hasty(@Param('id') id: string) {
    return this.show(id);
  }
  @Get('strict/:id')
  @ReadsOwnWrites([list], { waitMs: 0, otherwise: 'refuse' })
  strict(@Param('id') id: string) {
    return this.show(id);
  }
  @Get('by-hand/:id')
  async byHand(@Param('id') id: string, @Token() token: ReadToken | undefined) {
    await this.freshness.applied(token, [list]);
    return this.show(id);
  }
  @Get(':id')
  show(@Param('id') id: string) {
    const row = this.rows.one('list', id);
    if (row === undefined) throw new NotFoundException();
    return row;
  }
}

@Module({
  imports: [CqrsModule, LeftfoldModule.forFeature({ aggregates: [notes], projections: [list] })],
  controllers: [NotesController],
  providers: [AddNoteHandler],
})
class NotesModule {}

interface Answer {
  readonly status: number;
  readonly token: string | null;
  readonly stale: string | null;
  readonly retryAfter: string | null;
  readonly type: string | null;
  readonly body: unknown;
}
type Call = (method: string, path: string, token?: string | null) => Promise<Answer>;

/** An API process, and as many more modules in it as wanted. */
async function api(
  storage: MemoryStorage,
  imports: readonly object[] = [],
  broker?: ReturnType<typeof memoryBroker>,
): Promise<Call> {
  const module = await Test.createTestingModule({
    imports: [
      LeftfoldModule.forRoot({ service: 'desk', storage, ...(broker && { broker }) }),
      NotesModule,
      ...(imports as never[]),
    ],
  }).compile();
  const app = module.createNestApplication({ logger: false });
  await app.listen(0, '127.0.0.1');
  onTestFinished(() => app.close());
  const url = await app.getUrl();
  return async (method, path, token) => {
    const response = await fetch(`${url}${path}`, { method, headers: token ? { 'Leftfold-Token': token } : {} });
    const text = await response.text();
    const header = (name: string): string | null => response.headers.get(name);
    return {
      status: response.status,
      token: header('Leftfold-Token'),
      stale: header('Leftfold-Stale'),
      retryAfter: header('Retry-After'),
      type: header('Content-Type'),
      body: text === '' ? null : (JSON.parse(text) as unknown),
    };
  };
}
/** A process that projects. */
async function projector(storage: MemoryStorage, broker?: ReturnType<typeof memoryBroker>): Promise<void> {
  const module = await Test.createTestingModule({
    imports: [
      LeftfoldModule.forRoot({ service: 'desk', storage, ...(broker && { broker }) }),
      LeftfoldModule.forFeature({ projections: [list as FoldedProjection] }),
      ...(broker ? [LeftfoldModule.relay()] : []),
      LeftfoldModule.projector(),
    ],
  }).compile();
  const app = module.createNestApplication({ logger: false });
  await app.init();
  onTestFinished(() => app.close());
}

describe('an answer says what was written', () => {
  test('by a command, and through the command bus', async () => {
    const call = await api(memory());
    for (const path of ['/notes/a', '/notes/a/bus']) {
      const { status, token } = await call('POST', path);
      expect([status, token]).toEqual([201, expect.stringMatching(/^lf1\.[\w.-]+$/)]);
    }
  });
  test('of all commands of the request, however they are made', async () => {
    const { token } = await (await api(memory()))('POST', '/notes/a/all');
    expect(token?.split('~')).toHaveLength(4);
  });
  test('also where a later command is refused: what came before stands', async () => {
    const answer = await (await api(memory()))('POST', '/notes/a/many');
    expect(answer.status).toBe(409);
    expect(answer.token?.split('~')).toHaveLength(3);
  });
  test('and nothing where nothing was written', async () => {
    const call = await api(memory());
    expect(await call('POST', '/notes/a/look')).toMatchObject({ status: 201, token: null });
    expect((await call('GET', '/notes/a')).token).toBeNull();
  });
});

describe('a query with @ReadsOwnWrites', () => {
  test.each(['log', 'broker'])(
    'is answered when another process has applied the write, fed from the %s',
    async (from) => {
      const storage = memory();
      const broker = from === 'broker' ? memoryBroker() : undefined;
      const call = await api(storage, [], broker);
      const { token } = await call('POST', '/notes/a/all');
      const waiting = call('GET', '/notes/patient/a', token);
      await projector(storage, broker);
      expect(await waiting).toMatchObject({ status: 200, stale: null, body: { id: 'a', texts: 'abcd' } });
      for (let n = 0; n < 20; n++) {
        const written = await call('POST', `/notes/n${n}`);
        expect(await call('GET', `/notes/patient/n${n}`, written.token)).toMatchObject({ status: 200, stale: null });
      }
    },
  );
  test('of several writes one by one waits for all, given in one header', async () => {
    const storage = memory();
    const call = await api(storage);
    const tokens = [await call('POST', '/notes/a'), await call('POST', '/notes/b')].map(({ token }) => token);
    await projector(storage);
    const { body } = await call('GET', '/notes/patient/a', tokens.join(', '));
    expect(body).toMatchObject({ id: 'a' });
    expect(await call('GET', '/notes/hasty/b', tokens[1])).toMatchObject({ status: 200, stale: null });
  });
  test('says Leftfold-Stale where it is answered all the same', async () => {
    const storage = memory();
    const call = await api(storage);
    await projector(storage);
    const { token } = await call('POST', '/notes/a');
    await call('GET', '/notes/patient/a', token);
    expect(await call('GET', '/notes/hasty/a', token)).toMatchObject({ status: 200, stale: null });
    const behind = await api(memory());
    const written = await behind('POST', '/notes/a');
    expect(await behind('GET', '/notes/hasty/a', written.token)).toMatchObject({ status: 404, stale: 'true' });
  });
  test('or is refused, 503 with Retry-After, where that is wanted', async () => {
    const call = await api(memory());
    const { token } = await call('POST', '/notes/a');
    expect(await call('GET', '/notes/strict/a', token)).toMatchObject({
      status: 503,
      retryAfter: '1',
      stale: null,
      type: expect.stringContaining('application/problem+json') as string,
      body: { code: 'LF_NOT_YET_APPLIED' },
    });
  });
  test('waits for nothing without a token', async () => {
    const call = await api(memory());
    expect(await call('GET', '/notes/strict/a')).toMatchObject({ status: 404, stale: null });
  });
  test.each([
    ['that is none', 'x', 'LF_TOKEN_INVALID'],
    ['that is one and something', 'lf0,x', 'LF_TOKEN_INVALID'],
    ['of another log', 'lf1.7b2d6b0e-3c6c-4e6e-9a51-4a0d1a7a3a11.5.W1sib3JkZXJzIiwxXV0.1', 'LF_TOKEN_FOREIGN'],
  ])('answers a token %s with 400 problem+json', async (_, token, code) => {
    const call = await api(memory());
    for (const path of ['/notes/hasty/a', '/notes/strict/a', '/notes/by-hand/a'])
      expect(await call('GET', path, token)).toMatchObject({
        status: 400,
        type: expect.stringContaining('application/problem+json') as string,
        body: { code },
      });
  });
  test('waits by hand with @Token() and the injected freshness', async () => {
    const storage = memory();
    const call = await api(storage);
    const { token } = await call('POST', '/notes/a');
    const waiting = call('GET', '/notes/by-hand/a', token);
    await projector(storage);
    expect(await waiting).toMatchObject({ status: 200, body: { texts: 'a' } });
  });
  test.each([-1, 30_001, 0.5])('with waitMs %s cannot be declared', (waitMs) => {
    expect(() => ReadsOwnWrites([list], { waitMs })).toThrow(DefinitionError);
  });
});

test('who goes away is not waited for any more, and who waits does not hold up a shutdown', async () => {
  const storage = memory();
  const module = await Test.createTestingModule({
    imports: [LeftfoldModule.forRoot({ service: 'desk', storage }), NotesModule],
  }).compile();
  const app = module.createNestApplication({ logger: false });
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  const token = (await fetch(`${url}/notes/a`, { method: 'POST' })).headers.get('Leftfold-Token') ?? '';
  const get = (signal?: AbortSignal) =>
    fetch(`${url}/notes/patient/a`, {
      headers: { 'Leftfold-Token': token, connection: 'close' },
      ...(signal && { signal }),
    });
  const leaving = new AbortController();
  const gone = get(leaving.signal);
  leaving.abort();
  await expect(gone).rejects.toThrow('aborted');
  const waiting = get();
  // It waits when the server has looked.
  const { promise: looked, resolve } = Promise.withResolvers<void>();
  const look = storage.progress.look.bind(storage.progress);
  Object.assign(storage.progress, { look: (...asked: Parameters<typeof look>) => look(...asked).finally(resolve) });
  await looked;
  await app.close();
  const answer = await waiting;
  expect([answer.status, answer.headers.get('Leftfold-Stale')]).toEqual([404, 'true']);
});

test('who has gone before it would wait, while a guard still thought, is not waited for either', async () => {
  const storage = memory();
  const module = await Test.createTestingModule({
    imports: [LeftfoldModule.forRoot({ service: 'desk', storage }), NotesModule],
  }).compile();
  const app = module.createNestApplication({ logger: false });
  const [arrived, passed] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  app.useGlobalGuards({
    canActivate: async (context: ExecutionContext) => {
      if (!context.switchToHttp().getRequest<{ readonly url: string }>().url.includes('patient')) return true;
      arrived.resolve();
      await once(context.switchToHttp().getResponse<ServerResponse>(), 'close');
      passed.resolve();
      return true;
    },
  });
  await app.listen(0, '127.0.0.1');
  onTestFinished(() => app.close());
  const url = await app.getUrl();
  const token = (await fetch(`${url}/notes/a`, { method: 'POST' })).headers.get('Leftfold-Token') ?? '';
  let looks = 0;
  const look = storage.progress.look.bind(storage.progress);
  Object.assign(storage.progress, { look: (...asked: Parameters<typeof look>) => ((looks += 1), look(...asked)) });
  const leaving = new AbortController();
  const gone = fetch(`${url}/notes/patient/a`, { headers: { 'Leftfold-Token': token }, signal: leaving.signal });
  await arrived.promise;
  leaving.abort();
  await expect(gone).rejects.toThrow('aborted');
  await passed.promise;
  // Were it waited for, somebody would look at once.
  for (let n = 0; n < 10; n++) await fetch(`${url}/notes/a`);
  expect(looks).toBe(0);
});

test('two instances in one application share the header, and each waits for its own writes, whether the other’s server is there or not', async () => {
  const [first, second] = [memory(), memory()];
  const others = projection('others', { version: 1, key: 'id', row: { id: t.string() } }).upsert(
    noted,
    (_, { stream }) => ({ id: stream.key }),
  );
  @Controller('both')
  class BothController {
    constructor(
      @InjectRepository(notes) private readonly mine: Repository<typeof notes>,
      @InjectRepository(notes, 'second') private readonly theirs: Repository<typeof notes>,
    ) {}
    @Post(':id')
    async add(@Param('id') id: string) {
      await this.mine.add(id, { text: 'x' });
      await this.theirs.add(id, { text: 'y' });
    }
    @Get('first/:id')
    @ReadsOwnWrites([list], { otherwise: 'refuse' })
    first() {
      return { of: 'first' };
    }
    @Get('second/:id')
    @ReadsOwnWrites([others], { otherwise: 'refuse', waitMs: 0, instance: 'second' })
    second() {
      return { of: 'second' };
    }
  }
  @Module({ controllers: [BothController] })
  class BothModule {}
  const call = await api(first, [
    LeftfoldModule.forRoot({ service: 'second', storage: second, instance: 'second' }),
    LeftfoldModule.forFeature({ aggregates: [notes], projections: [others], instance: 'second' }),
    LeftfoldModule.projector(),
    BothModule,
  ]);
  const identity = second.log.identity.bind(second.log);
  const away = Object.assign(new Error('away'), { code: 'LF_STORAGE_UNAVAILABLE', retryable: true });
  Object.assign(second.log, { identity: () => Promise.reject(away) });
  const { token: own } = await call('POST', '/notes/b');
  expect((await call('GET', '/both/first/b', own)).status).toBe(200);
  Object.assign(second.log, { identity });
  const { token } = await call('POST', '/both/a');
  expect(token?.split('~')).toHaveLength(2);
  expect((await call('GET', '/both/first/a', token)).status).toBe(200);
  expect(await call('GET', '/both/second/a', token)).toMatchObject({
    status: 503,
    body: { code: 'LF_NOT_YET_APPLIED' },
  });
});
