import 'reflect-metadata';
import { memory } from '@leftfold/memory';
import { Followers, InjectRepository, LeftfoldModule, On, Reaction } from '@leftfold/nestjs';
import { aggregate, event, repository, t } from '@leftfold/core';
import type { Metadata, RecordedOf, Repository } from '@leftfold/core';
import { reaction, replay } from '@leftfold/subscriptions';
import type { Effect } from '@leftfold/subscriptions';
import { Controller, Inject, Injectable, Module, Scope } from '@nestjs/common';
import type { Type } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { caughtUp } from '@leftfold/testing';
import { expect, onTestFinished, test, vi } from 'vitest';
import { account, accounts, BankModule } from './bank.ts';

const opened = event('bank.account.opened', { owner: t.string({ min: 1 }), limit: t.long() });
const greeted = event('bank.greeting.sent', { to: t.string() });
/** What a reaction's command leaves behind. */
const greeting = aggregate('bank.greeting', { events: { greeted }, initial: () => 0 })
  .evolve({ greeted: (n) => n + 1 })
  .decide({ greet: (n, to: string) => (n >= 2 ? [] : [greeted({ to })]) });

@Injectable()
class Mailer {
  readonly sent: string[] = [];
  async send(to: string, key: string): Promise<string> {
    this.sent.push(to);
    return key;
  }
}
@Reaction({ name: 'welcome-mail', replay: 'skip', from: 'start' })
class WelcomeMail {
  readonly #mailer: Mailer;
  readonly #greetings: Repository<typeof greeting>;
  static failures = 0;

  constructor(@Inject(Mailer) mailer: Mailer, @InjectRepository(greeting) greetings: Repository<typeof greeting>) {
    this.#mailer = mailer;
    this.#greetings = greetings;
  }
  @On(opened)
  async welcome({ data, stream }: RecordedOf<typeof opened>, { idempotencyKey }: Effect): Promise<void> {
    await this.#greetings.greet(stream.key, data.owner);
    if (WelcomeMail.failures-- > 0)
      throw Object.assign(new Error('made up'), { code: 'LF_STORAGE_UNAVAILABLE', retryable: true });
    await this.#mailer.send(data.owner, idempotencyKey);
  }
}
@Module({
  imports: [LeftfoldModule.forFeature({ aggregates: [greeting] })],
  providers: [Mailer, WelcomeMail],
})
class MailModule {}

async function start(imports: readonly unknown[], storage = memory()) {
  const module = await Test.createTestingModule({
    imports: [LeftfoldModule.forRoot({ service: 'bank', storage }), ...(imports as Type[]), LeftfoldModule.projector()],
  }).compile();
  const app = module.createNestApplication({ logger: false });
  onTestFinished(() => app.close());
  await app.init();
  const followers = app
    .get(DiscoveryService, { strict: false })
    .getProviders()
    .flatMap(({ instance }) => (instance instanceof Followers ? instance.all : []));
  return { app, storage, followers, caughtUp: () => caughtUp(followers.map(({ running }) => running)) };
}

test('a reaction is found, built with what it injects, and followed by the projector', async () => {
  const { app, storage, followers, caughtUp: allCaughtUp } = await start([BankModule, MailModule]);
  expect(followers.map(({ name }) => name).toSorted()).toEqual(['accounts', 'welcome-mail']);
  await repository(account, storage.store).open('a', { owner: 'Ann', limit: 1n });
  await allCaughtUp();
  expect(app.get(Mailer, { strict: false }).sent).toEqual(['Ann']);
});
test('commands of an effect have its event as their cause, and are answered from before when the effect is run once more', async () => {
  WelcomeMail.failures = 1;
  const { app, storage, caughtUp: allCaughtUp } = await start([BankModule, MailModule]);
  const metadata: Partial<Metadata> = { correlationId: 'c-1', actor: 'ann', tenant: 'acme' };
  await repository(account, storage.store).open('a', { owner: 'Ann', limit: 1n }, { metadata });
  await allCaughtUp();
  expect(app.get(Mailer, { strict: false }).sent).toEqual(['Ann']);
  const stored = async (category: string) => {
    const pages = storage.store.read({ tenant: 'acme', category, key: 'a', id: `${category}-a` as never });
    return (await Array.fromAsync(pages)).flat();
  };
  const [cause] = await stored('bank.account');
  const greetings = await stored('bank.greeting');
  expect(greetings).toHaveLength(1);
  expect(greetings[0]?.metadata).toMatchObject({ correlationId: 'c-1', causationId: cause?.id, actor: 'ann' });
});
test('a plain definition of a feature is followed, too, in the context of its events', async () => {
  const seen: unknown[] = [];
  const plain = reaction('plain', { replay: 'skip', from: 'start' }).on(opened, async ({ data }) =>
    seen.push(data.owner),
  );
  const { storage, caughtUp: allCaughtUp } = await start([
    BankModule,
    LeftfoldModule.forFeature({ reactions: [plain] }),
  ]);
  await repository(account, storage.store).open('a', { owner: 'Ann', limit: 1n });
  await allCaughtUp();
  expect(seen).toEqual(['Ann']);
});
test('an effect that hangs holds up no projection, though one reader feeds both', async () => {
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  const seen: string[] = [];
  const slow = reaction('slow', { replay: 'skip', from: 'start' }).on(opened, async ({ data }) => {
    await released;
    seen.push(data.owner);
  });
  const { storage, caughtUp: allCaughtUp } = await start([
    BankModule,
    LeftfoldModule.forFeature({ reactions: [slow] }),
  ]);
  for (const id of ['a', 'b', 'c']) {
    await repository(account, storage.store).open(id, { owner: id, limit: 1n });
    await vi.waitUntil(() => storage.readModels.reader([accounts.rowTable]).one('accounts', id) !== undefined, {
      timeout: 20_000,
    });
  }
  expect(seen).toEqual([]);
  release();
  await allCaughtUp();
  expect(seen.toSorted()).toEqual(['a', 'b', 'c']);
});
test('C9 a replay of a reaction reads on its own what others have, up to where it was, and then with them again', async () => {
  const seen: [string, boolean][] = [];
  const plain = reaction('plain', { replay: 'run', from: 'start' }).on(opened, async ({ data }, { replaying }) =>
    seen.push([data.owner, replaying]),
  );
  const { storage, caughtUp: allCaughtUp } = await start([
    BankModule,
    LeftfoldModule.forFeature({ reactions: [plain] }),
  ]);
  const open = (id: string) => repository(account, storage.store).open(id, { owner: id, limit: 1n });
  await open('a');
  await open('b');
  await allCaughtUp();
  await replay(plain, { from: storage.log, storage, as: 'run' });
  await open('c');
  await allCaughtUp();
  await open('d');
  await allCaughtUp();
  expect(seen).toEqual([
    ['a', false],
    ['b', false],
    ['a', true],
    ['b', true],
    ['c', false],
    ['d', false],
  ]);
});
test('methods that are inherited count, and an overridden one as it is overridden', async () => {
  const seen: string[] = [];
  abstract class Base {
    @On(opened)
    async first(): Promise<void> {
      seen.push('base');
    }
  }
  @Reaction({ name: 'derived', replay: 'skip', from: 'start' })
  class Derived extends Base {
    override async first(): Promise<void> {
      seen.push('derived');
    }
  }
  @Module({ providers: [Derived] })
  class DerivedModule {}
  const { storage, caughtUp: allCaughtUp } = await start([BankModule, DerivedModule]);
  await repository(account, storage.store).open('a', { owner: 'Ann', limit: 1n });
  await allCaughtUp();
  expect(seen).toEqual(['derived']);
});

function startWith(providers: readonly Type[], more: readonly unknown[] = []) {
  @Module({ providers: [...providers] })
  class Faulty {}
  return start([Faulty, ...more]);
}
test('two reactions of one name are refused, and one class that two modules provide', async () => {
  @Reaction({ name: 'mail', replay: 'skip' })
  class One {
    @On(opened)
    async on(): Promise<void> {}
  }
  @Reaction({ name: 'mail', replay: 'skip' })
  class Two extends One {}
  await expect(startWith([One, Two])).rejects.toMatchObject({ code: 'LF_REACTION_DUPLICATE' });
  @Module({ providers: [One] })
  class Again {}
  await expect(startWith([One], [Again])).rejects.toThrow('provided by two modules');
  const plain = reaction('mail', { replay: 'run' }).on(opened, async () => {});
  await expect(startWith([One], [LeftfoldModule.forFeature({ reactions: [plain] })])).rejects.toMatchObject({
    code: 'LF_REACTION_DUPLICATE',
  });
});
test('a class that is made per request, or injects what is, is refused clearly', async () => {
  @Injectable({ scope: Scope.REQUEST })
  class PerRequest {}
  @Reaction({ name: 'mail', replay: 'skip' })
  class Mail {
    constructor(@Inject(PerRequest) readonly perRequest: PerRequest) {}
    @On(opened)
    async on(): Promise<void> {}
  }
  await expect(startWith([PerRequest, Mail])).rejects.toThrow('Mail is made per request');
});
test('a reaction that a factory makes, or that is given as a value, is followed; one with a second token is no second reaction', async () => {
  const seen: string[] = [];
  @Reaction({ name: 'by-factory', replay: 'skip', from: 'start' })
  class ByFactory {
    constructor(readonly greeting: string) {}
    @On(opened)
    async on({ data }: RecordedOf<typeof opened>): Promise<void> {
      seen.push(`${this.greeting} ${data.owner}`);
    }
  }
  @Reaction({ name: 'by-value', replay: 'skip', from: 'start' })
  class ByValue extends ByFactory {}
  @Module({
    providers: [
      { provide: ByFactory, useFactory: () => new ByFactory('hello') },
      { provide: 'value', useValue: new ByValue('welcome') },
      { provide: 'alias', useExisting: ByFactory },
    ],
  })
  class Provided {}
  const { storage, followers, caughtUp: allCaughtUp } = await start([BankModule, Provided]);
  expect(followers.map(({ name }) => name).toSorted()).toEqual(['accounts', 'by-factory', 'by-value']);
  await repository(account, storage.store).open('a', { owner: 'Ann', limit: 1n });
  await allCaughtUp();
  expect(seen.toSorted()).toEqual(['hello Ann', 'welcome Ann']);
});
test('an overridden method that says anew what it handles does not get the events of the one it overrides', async () => {
  const seen: string[] = [];
  abstract class Base {
    @On(opened)
    async first(_: unknown): Promise<void> {
      seen.push('base');
    }
  }
  @Reaction({ name: 'derived', replay: 'skip', from: 'start' })
  class Derived extends Base {
    @On(greeted)
    override async first({ data }: RecordedOf<typeof greeted>): Promise<void> {
      seen.push(data.to);
    }
  }
  @Module({ providers: [Derived] })
  class DerivedModule {}
  const { storage, caughtUp: allCaughtUp } = await start([BankModule, DerivedModule]);
  await repository(account, storage.store).open('a', { owner: 'Ann', limit: 1n });
  await repository(greeting, storage.store).greet('a', 'Bob');
  await allCaughtUp();
  expect(seen).toEqual(['Bob']);
});
test('two methods for one event, a transient class and a controller with @On are refused', async () => {
  @Reaction({ name: 'mail', replay: 'skip' })
  class Twice {
    @On(opened)
    async one(): Promise<void> {}
    @On(opened)
    async two(): Promise<void> {}
  }
  await expect(startWith([Twice])).rejects.toMatchObject({ code: 'LF_REACTION_INVALID' });
  await expect(startWith([Twice])).rejects.toThrow('bank.account.opened is handled already');
  @Injectable({ scope: Scope.TRANSIENT })
  @Reaction({ name: 'mail', replay: 'skip' })
  class Transient {
    @On(opened)
    async on(): Promise<void> {}
  }
  await expect(startWith([Transient])).rejects.toThrow('Transient is transient');
  @Controller()
  class Web {
    @On(opened)
    async on(): Promise<void> {}
  }
  @Module({ controllers: [Web] })
  class WebModule {}
  await expect(startWith([], [WebModule])).rejects.toThrow('Web is a controller');
});
test('a reaction without methods is refused, and methods without a reaction, which nothing would run', async () => {
  @Reaction({ name: 'mail', replay: 'skip' })
  class Nothing {}
  await expect(startWith([Nothing])).rejects.toThrow('Nothing reacts to nothing');
  @Injectable()
  class Forgotten {
    @On(opened)
    async on(): Promise<void> {}
  }
  await expect(startWith([Forgotten])).rejects.toThrow('Forgotten has methods with @On, and is no @Reaction');
});
test('a reaction that does not say what a replay does is refused as it is declared, for callers without types', () => {
  expect(() => Reaction({ name: 'mail' } as never)).toThrow(
    expect.objectContaining({ code: 'LF_REPLAY_NOT_DECLARED' }),
  );
  expect(() => On(opened)(class {}, 'on', {})).toThrow(expect.objectContaining({ code: 'LF_REACTION_INVALID' }));
});
