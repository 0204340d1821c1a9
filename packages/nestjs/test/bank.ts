// A small application for the tests: one aggregate, one projection, one controller.
import { aggregate, event, t } from '@leftfold/core';
import type { Repository } from '@leftfold/core';
import {
  contextOptions,
  InjectReadModels,
  InjectRepository,
  LeftfoldModule,
  RequiresIdempotencyKey,
} from '@leftfold/nestjs';
import { projection } from '@leftfold/subscriptions';
import { Body, Controller, Get, Module, Param, Post, Res, StandardSchemaValidationPipe } from '@nestjs/common';
import { APP_PIPE } from '@nestjs/core';

const opened = event('bank.account.opened', { owner: t.string({ min: 1 }), limit: t.long() });
export const account = aggregate('bank.account', {
  events: { opened },
  initial: () => ({ isOpen: false, limit: 0n }),
  refusals: {
    ACCOUNT_OPEN: 'Account {id} is open',
    ACCOUNT_NOT_FOUND: 'There is no account {id}',
    LIMIT_TOO_HIGH: 'At most 1000',
  },
})
  .evolve({ opened: (_, { limit }) => ({ isOpen: true, limit }) })
  .decide({
    open: (state, { owner, limit }: t.Of<typeof OpenAccount>, { id, metadata, roles, refuse }) => {
      if (state.isOpen) throw refuse('ACCOUNT_OPEN', { id });
      if (limit > 1000n && !roles.includes('chief')) throw refuse('LIMIT_TOO_HIGH');
      return {
        events: [opened({ owner, limit })],
        result: { id, actor: metadata.actor ?? null, tenant: metadata.tenant ?? '' },
      };
    },
    close: (state, _: undefined, { id, refuse }) => {
      if (!state.isOpen) throw refuse('ACCOUNT_NOT_FOUND', { id });
      return [];
    },
  });
export const OpenAccount = t.record('OpenAccount', { owner: t.string({ min: 1 }), limit: t.long() });
export const accounts = projection('accounts', {
  version: 1,
  key: 'id',
  row: { id: t.string(), owner: t.string() },
}).insert(opened, ({ data, stream }) => ({ id: stream.key, owner: data.owner }));

@Controller('accounts')
class AccountsController {
  constructor(
    @InjectRepository(account) private readonly repository: Repository<typeof account>,
    @InjectReadModels() readonly readModels: unknown,
  ) {}

  @Post(':id')
  @RequiresIdempotencyKey()
  async open(@Param('id') id: string, @Body({ schema: OpenAccount }) input: t.Of<typeof OpenAccount>) {
    return (await this.repository.open(id, input)).result;
  }
  /** Two commands in one request, with one key between them. */
  @Post(':id/twins')
  async openTwins(@Param('id') id: string, @Body({ schema: OpenAccount }) input: t.Of<typeof OpenAccount>) {
    const first = await this.repository.open(`${id}-1`, input);
    const second = await this.repository.open(`${id}-2`, input);
    return [first.result?.['id'], second.result?.['id']];
  }
  @Post(':id/closing')
  async close(@Param('id') id: string) {
    await this.repository.close(id, undefined);
  }
  @Get(':id/context')
  context() {
    return contextOptions();
  }
  @Get(':id/export')
  async export(@Param('id') id: string, @Res() reply: { write(text: string): void }) {
    reply.write('the first half');
    await this.repository.close(id, undefined);
  }
  @Get(':id')
  async show(@Param('id') id: string) {
    const { state, version } = await this.repository.load(id);
    return { ...state, version, seen: new Date(0), seal: new Uint8Array([1, 2]) };
  }
}

@Module({
  imports: [LeftfoldModule.forFeature({ aggregates: [account], projections: [accounts] })],
  controllers: [AccountsController],
  providers: [{ provide: APP_PIPE, useClass: StandardSchemaValidationPipe }],
})
export class BankModule {}
