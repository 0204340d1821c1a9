import { randomUUID } from 'node:crypto';
import type { Repository, t } from '@leftfold/core';
import { InjectReadModels, InjectRepository, ReadsOwnWrites, RequiresIdempotencyKey } from '@leftfold/nestjs';
import type { TablesOf } from '@leftfold/subscriptions';
import { Body, Controller, Get, HttpCode, NotFoundException, Param, ParseUUIDPipe, Post, Res } from '@nestjs/common';
import { ApiHeader } from '@nestjs/swagger';
import type { Kysely } from 'kysely';
import { customerTotals } from './customer-totals/customer-totals.ts';
import { orderSummary } from './order-summary/order-summary.ts';
import { AddPayment, CancelOrder, order, PlaceOrder, ShipOrder } from './order/order.ts';

type ReadModels = TablesOf<typeof orderSummary> & TablesOf<typeof customerTotals>;
/** For the page of the API. */
const idempotencyKey = { name: 'Idempotency-Key', required: true, description: 'the same for every attempt' };
const token = {
  name: 'Leftfold-Token',
  required: false,
  description: 'of the answer to a command: what it wrote is seen',
};

@Controller('orders')
export class OrdersController {
  constructor(
    @InjectRepository(order) private readonly orders: Repository<typeof order>,
    @InjectReadModels() private readonly db: Kysely<ReadModels>,
  ) {}

  @Post()
  @RequiresIdempotencyKey()
  @ApiHeader(idempotencyKey)
  async place(@Body({ schema: PlaceOrder }) input: t.Of<typeof PlaceOrder>) {
    return (await this.orders.place(randomUUID(), input)).result; // the stored answer: a repeated key gives the first id
  }

  @Post(':id/payments')
  @RequiresIdempotencyKey()
  @ApiHeader(idempotencyKey)
  async pay(@Param('id', ParseUUIDPipe) id: string, @Body({ schema: AddPayment }) input: t.Of<typeof AddPayment>) {
    return (await this.orders.pay(id, input)).result;
  }

  @Post(':id/shipment')
  @HttpCode(204)
  async ship(@Param('id', ParseUUIDPipe) id: string, @Body({ schema: ShipOrder }) input: t.Of<typeof ShipOrder>) {
    await this.orders.ship(id, input);
  }

  @Post(':id/cancellation')
  @HttpCode(204)
  async cancel(@Param('id', ParseUUIDPipe) id: string, @Body({ schema: CancelOrder }) input: t.Of<typeof CancelOrder>) {
    await this.orders.cancel(id, input);
  }

  @Get(':id')
  @ReadsOwnWrites([orderSummary]) // waits for the client's Leftfold-Token, or says Leftfold-Stale
  @ApiHeader(token)
  async show(
    @Param('id', ParseUUIDPipe) id: string,
    @Res({ passthrough: true }) reply: { header(name: string, value: string): void },
  ) {
    const row = await this.db.selectFrom('order_summary').selectAll().where('order_id', '=', id).executeTakeFirst();
    if (!row) throw new NotFoundException();
    const { _stream_version, ...summary } = row;
    reply.header('ETag', `"${_stream_version}"`);
    return summary;
  }

  @Get('customers/:id/totals')
  @ReadsOwnWrites([customerTotals], { waitMs: 500 })
  @ApiHeader(token)
  async totals(@Param('id', ParseUUIDPipe) id: string) {
    const row = await this.db
      .selectFrom('customer_totals')
      .selectAll()
      .where('customer_id', '=', id)
      .executeTakeFirst();
    if (!row) throw new NotFoundException();
    return row;
  }
}
