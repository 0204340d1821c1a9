import { randomUUID } from 'node:crypto';
import type { Repository, t } from '@leftfold/core';
import { InjectRepository, LeftfoldModule, RequiresIdempotencyKey } from '@leftfold/nestjs';
import {
  Body,
  Controller,
  HttpCode,
  Module,
  Param,
  ParseUUIDPipe,
  Post,
  StandardSchemaValidationPipe,
} from '@nestjs/common';
import { APP_PIPE } from '@nestjs/core';
import { courseList } from './course-list.ts';
import { course, OpenCourse, TakeSeat } from './course.ts';

@Controller('courses')
class CoursesController {
  constructor(@InjectRepository(course) private readonly courses: Repository<typeof course>) {}

  @Post()
  @RequiresIdempotencyKey()
  async open(@Body({ schema: OpenCourse }) input: t.Of<typeof OpenCourse>) {
    return (await this.courses.open(randomUUID(), input)).result;
  }

  @Post(':id/seats')
  @HttpCode(204)
  async takeSeat(@Param('id', ParseUUIDPipe) id: string, @Body({ schema: TakeSeat }) input: t.Of<typeof TakeSeat>) {
    await this.courses.takeSeat(id, input);
  }
}

@Module({
  imports: [LeftfoldModule.forFeature({ aggregates: [course], projections: [courseList] })],
  controllers: [CoursesController],
  providers: [{ provide: APP_PIPE, useClass: StandardSchemaValidationPipe }],
})
export class CoursesModule {}
