import { LeftfoldModule } from '@leftfold/nestjs';
import { Module, StandardSchemaValidationPipe } from '@nestjs/common';
import { APP_PIPE } from '@nestjs/core';
import { customerTotals } from './customer-totals/customer-totals.ts';
import { orderSummary } from './order-summary/order-summary.ts';
import { order } from './order/order.ts';
import { OrdersController } from './orders.controller.ts';

/** The slice: what it has. */
@Module({
  imports: [LeftfoldModule.forFeature({ aggregates: [order], projections: [orderSummary, customerTotals] })],
})
export class OrdersModule {}

/** The slice over HTTP. */
@Module({
  imports: [OrdersModule],
  controllers: [OrdersController],
  providers: [{ provide: APP_PIPE, useClass: StandardSchemaValidationPipe }],
})
export class OrdersHttpModule {}
