import { LeftfoldModule } from '@leftfold/nestjs';
import { Module } from '@nestjs/common';
import { broker, infrastructure } from './infrastructure.ts';
import { OrdersHttpModule } from './orders.module.ts';
import { serve } from './serve.ts';

/** Everything in one process, for development. */
@Module({
  imports: [
    ...infrastructure,
    OrdersHttpModule,
    ...(broker ? [LeftfoldModule.relay()] : []),
    LeftfoldModule.projector(),
  ],
})
class All {}

await serve(All);
