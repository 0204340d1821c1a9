import { LeftfoldModule } from '@leftfold/nestjs';
import { Module } from '@nestjs/common';
import { infrastructure } from './infrastructure.ts';
import { OrdersModule } from './orders.module.ts';
import { serve } from './serve.ts';

@Module({ imports: [...infrastructure, OrdersModule, LeftfoldModule.projector()] })
class Projector {}

await serve(Projector);
