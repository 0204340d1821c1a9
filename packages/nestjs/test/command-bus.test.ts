import 'reflect-metadata';
import { memory } from '@leftfold/memory';
import { InjectRepository, LeftfoldModule } from '@leftfold/nestjs';
import type { Repository } from '@leftfold/core';
import { Body, Controller, Module, Param, Post } from '@nestjs/common';
import { Command, CommandBus, CommandHandler, CqrsModule } from '@nestjs/cqrs';
import type { ICommandHandler } from '@nestjs/cqrs';
import { Test } from '@nestjs/testing';
import { expect, test } from 'vitest';
import { account } from './bank.ts';

class OpenByBus extends Command<unknown> {
  readonly id: string;
  readonly owner: string;
  constructor(id: string, owner: string) {
    super();
    this.id = id;
    this.owner = owner;
  }
}
@CommandHandler(OpenByBus)
class OpenByBusHandler implements ICommandHandler<OpenByBus> {
  constructor(@InjectRepository(account) private readonly repository: Repository<typeof account>) {}
  async execute({ id, owner }: OpenByBus) {
    return (await this.repository.open(id, { owner, limit: 1n })).result;
  }
}
@Controller('bus')
class BusController {
  constructor(private readonly bus: CommandBus) {}
  @Post(':id')
  open(@Param('id') id: string, @Body() { owner }: { owner: string }) {
    return this.bus.execute(new OpenByBus(id, owner));
  }
}
@Module({
  imports: [CqrsModule.forRoot(), LeftfoldModule.forFeature({ aggregates: [account] })],
  controllers: [BusController],
  providers: [OpenByBusHandler],
})
class BusModule {}

test('handlers of the command bus inject repositories and run in the context of their request', async () => {
  const module = await Test.createTestingModule({
    imports: [
      LeftfoldModule.forRoot({
        service: 'bank',
        storage: memory(),
        identify: () => ({ actor: 'ann', tenant: 'north' }),
      }),
      BusModule,
    ],
  }).compile();
  const app = module.createNestApplication({ logger: false });
  await app.listen(0, '127.0.0.1');
  const response = await fetch(`${await app.getUrl()}/bus/a`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ owner: 'Ann' }),
  });
  expect(await response.json()).toEqual({ id: 'a', actor: 'ann', tenant: 'north' });
  await app.close();
});
