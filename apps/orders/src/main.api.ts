import { Module } from '@nestjs/common';
import { infrastructure } from './infrastructure.ts';
import { OrdersHttpModule } from './orders.module.ts';
import { serve } from './serve.ts';

@Module({ imports: [...infrastructure, OrdersHttpModule] })
class Api {}

await serve(Api);
