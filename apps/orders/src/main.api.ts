import { LeftfoldModule } from '@leftfold/nestjs';
import { Module } from '@nestjs/common';
import { infrastructure } from './infrastructure.ts';
import { OrdersHttpModule } from './orders.module.ts';
import { serve } from './serve.ts';

/** It measures the others' lag, too: a relay that is dead cannot tell. See `/health/ready`. */
@Module({ imports: [...infrastructure, OrdersHttpModule, LeftfoldModule.lag()] })
class Api {}

await serve(Api);
