import { LeftfoldModule } from '@leftfold/nestjs';
import { Module } from '@nestjs/common';
import { infrastructure } from './infrastructure.ts';
import { serve } from './serve.ts';

@Module({ imports: [...infrastructure, LeftfoldModule.relay()] })
class Relay {}

await serve(Relay);
